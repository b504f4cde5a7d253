-- Calls that run within the activity of their model call are claimed with the reply. `finish_calls` ends them together.

-- As before; a call with `claimed` has its first try begun. With the number of its attempt, one that has been overtaken
-- stores nothing: messages may have joined the round with the later one.
drop function finish_round(text, text, int, json, json, json, json, json, json, bigint, boolean);
create function finish_round(
  p_conversation text, p_turn text, p_round int, p_outcome json, p_message json, p_calls json,
  p_requests json, p_usage json, p_events json, p_floor bigint, p_ends boolean, p_attempt int default null)
returns json language plpgsql as $$
declare
  v_turn text;
  v_owner text;
  v_round int;
  v_attempt int;
  v_usage json := p_usage;
  v_stored json;
  v_call json;
  v_lost json[];
  v_added json[] := '{}';
  v_kept json;
  v_events json := p_events;
  v_log json;
begin
  select turn_id, owner_id, turn_round, turn_round_tries into v_turn, v_owner, v_round, v_attempt
    from conversations where id = p_conversation for update;
  if p_usage is not null and p_usage -> 'id' is null then
    v_usage := (p_usage::jsonb || jsonb_build_object('id', p_turn || '.r' || p_round || '.a' || (p_usage ->> 'attempt'),
      'owner', v_owner, 'conversation', p_conversation, 'turn', p_turn, 'kind', 'answer', 'estimated', false))::json;
  end if;
  select outcome into v_stored from rounds where turn_id = p_turn and round = p_round;
  if found or v_turn is distinct from p_turn or v_round = p_round and v_attempt > p_attempt then
    -- The call was paid all the same.
    if p_usage -> 'id' is not null then
      perform settle_entry(v_usage);
    end if;
    return case when v_stored is null then json_build_object('outcome', 'over')
      else json_build_object('outcome', 'done', 'stored', v_stored) end;
  end if;
  insert into rounds (turn_id, round, conversation_id, outcome)
    values (p_turn, p_round, p_conversation, p_outcome);
  if p_message is null and p_ends then
    v_kept := keep_streamed_text(p_conversation, p_turn, p_turn || '.r' || p_round);
  end if;
  if p_message is not null then
    insert into messages (id, conversation_id, role, text, tool_calls, state, turn_id, model)
      values (p_message ->> 'id', p_conversation, 'assistant', p_message ->> 'text',
        p_message -> 'toolCalls', 'done', p_turn, p_message ->> 'model');
  end if;
  for v_call in select * from json_array_elements(p_calls) loop
    insert into tool_calls
        (id, conversation_id, turn_id, provider_call_id, name, arguments, status, error, permission, tries_begun,
          finished_at)
      values (v_call ->> 'id', p_conversation, p_turn, v_call ->> 'providerCallId', v_call ->> 'name',
        v_call ->> 'arguments', v_call ->> 'status', v_call -> 'error', v_call -> 'permission',
        case when v_call ->> 'claimed' = 'true' then 1 else 0 end,
        case when v_call ->> 'status' is null then null else now() end);
    if v_call ->> 'status' is not null then
      insert into messages (id, conversation_id, role, text, call_id, state, turn_id)
        values (v_call ->> 'id', p_conversation, 'tool', v_call ->> 'text', v_call ->> 'id', 'done', p_turn);
    end if;
  end loop;
  -- Before the deltas go: of a lost attempt they are all that is known.
  v_lost := settle_lost_calls(v_owner, list_open_calls_of(v_owner, p_turn, v_usage ->> 'id'));
  delete from events where conversation_id = p_conversation and seq > p_floor and turn_id = p_turn
    and type in ('text.delta', 'reasoning.delta');
  -- Before the turn ends, which would take its reservation for a lost one.
  if v_usage is not null then
    perform settle_entry(v_usage);
  end if;
  update conversations
    set state = case when p_ends then 'idle' when state = 'cancelling' then state else 'tools' end,
        turn_id = case when p_ends then null else turn_id end,
        turn_round = case when p_ends then null else turn_round end
    where id = p_conversation;
  if p_ends then
    delete from open_turns where conversation_id = p_conversation;
  end if;
  if p_requests is not null then
    v_added := open_requests(p_conversation, p_turn, p_requests) || settle_waiting(p_conversation, p_turn);
  end if;
  if v_kept is not null or cardinality(v_added) > 0 or cardinality(v_lost) > 0 then
    select json_agg(e) into v_events from (
      select unnest(v_lost) as e
      union all select v_kept where v_kept is not null
      union all select json_array_elements(p_events)
      union all select unnest(v_added)) as all_events;
  end if;
  v_log := append_events(p_conversation, v_events, null, false);
  return json_build_object('outcome', 'stored', 'changed',
    v_kept is not null or cardinality(v_added) > 0 or cardinality(v_lost) > 0, 'log', v_log);
end $$;
