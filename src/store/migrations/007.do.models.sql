-- Which model answers: settings and fallbacks of a conversation, and a model for one message alone.

-- As before, with the model's settings and the fallbacks.
create function create_conversation(
  p_id text, p_owner text, p_external text, p_key text, p_hash text, p_title text, p_model text,
  p_settings json, p_fallbacks text[], p_instructions text, p_tools text[], p_chain bigint, p_policy text, p_permissions text, p_history json,
  p_memory boolean, p_limit int)
returns json language plpgsql as $$
declare
  v_key idempotency_keys;
  v_id text;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_owner, 0));
  if p_key is not null then
    delete from idempotency_keys where owner_id = p_owner and created_at < now() - interval '24 hours';
    select * into v_key from idempotency_keys where owner_id = p_owner and key = p_key;
    if found then
      return json_build_object('id', v_key.conversation_id,
        'outcome', case when v_key.request_hash = p_hash then 'found' else 'conflict' end);
    end if;
  end if;
  select id into v_id from conversations where owner_id = p_owner and external_id = p_external;
  if v_id is not null then
    return json_build_object('outcome', 'found', 'id', v_id);
  end if;
  if p_limit is not null and (select count(*) from conversations where owner_id = p_owner) >= p_limit then
    return json_build_object('outcome', 'full');
  end if;
  insert into conversations (id, owner_id, external_id, title, model, model_settings, fallback_models, instructions,
      tools, chain_id, busy_policy, permissions, history, memory)
    values (p_id, p_owner, p_external, p_title, p_model, p_settings, p_fallbacks, p_instructions, p_tools,
      p_chain, p_policy, p_permissions, p_history, p_memory);
  if p_key is not null then
    insert into idempotency_keys (owner_id, key, request_hash, conversation_id)
      values (p_owner, p_key, p_hash, p_id);
  end if;
  return json_build_object('outcome', 'created', 'id', p_id);
end $$;

create or replace function create_conversation(
  p_id text, p_owner text, p_external text, p_key text, p_hash text, p_title text, p_model text,
  p_instructions text, p_tools text[], p_chain bigint, p_policy text, p_permissions text, p_history json,
  p_memory boolean, p_limit int)
returns json language sql as $$
  select create_conversation(p_id, p_owner, p_external, p_key, p_hash, p_title, p_model, '{}'::json, null::text[],
    p_instructions, p_tools, p_chain, p_policy, p_permissions, p_history, p_memory, p_limit)
$$;

-- As before; p_model is for this message alone. The model that stands when it is repeated is the first one.
create function accept_message(
  p_conversation text, p_owner text, p_id text, p_text text, p_client_id text, p_via text,
  p_queue_limit int, p_policy text, p_turn_limit int, p_model text)
returns json language plpgsql as $$
declare
  v_conversation conversations;
  v_message messages;
  v_count int;
  v_waiting json;
  v_policy text;
begin
  select * into v_conversation from conversations
    where id = p_conversation and owner_id = p_owner for update;
  if not found then
    return json_build_object('outcome', 'missing');
  end if;
  v_policy := coalesce(p_policy, v_conversation.busy_policy);
  select * into v_message from messages where id = p_id;
  if found then
    return json_build_object(
      'outcome', case when v_message.text = p_text then 'repeated' else 'conflict' end,
      'state', v_message.state, 'position', v_message.position, 'busyPolicy', v_message.busy_policy,
      'turnId', v_message.turn_id, 'turns', v_conversation.turns, 'model', v_conversation.model);
  end if;
  -- One that was never signalled, because the workflow server was away, takes no place for long.
  select count(*) into v_count from messages
    where conversation_id = p_conversation
      and (state = 'queued' or state = 'received' and created_at > now() - interval '1 minute');
  if v_policy = 'reject' and (v_conversation.turn_id is not null or v_count > 0) then
    return json_build_object('outcome', 'busy', 'turnId', v_conversation.turn_id);
  end if;
  if v_count >= p_queue_limit then
    return json_build_object('outcome', 'full');
  end if;
  if v_conversation.turn_id is null and not hold_turn(p_conversation, p_owner, p_turn_limit) then
    return json_build_object('outcome', 'crowded');
  end if;
  if v_count > 0 and v_conversation.turn_id is null then
    select json_agg(json_build_object('messageId', id, 'position', position, 'busyPolicy', busy_policy)
        order by position) into v_waiting
      from messages
      where conversation_id = p_conversation and state = 'queued'
        and created_at < now() - interval '10 seconds';
  end if;
  insert into messages (id, conversation_id, role, text, state, client_message_id, via, busy_policy, model)
    values (p_id, p_conversation, 'user', p_text, 'received', p_client_id, p_via, v_policy, p_model)
    returning * into v_message;
  update conversations set updated_at = v_message.created_at where id = p_conversation;
  return json_build_object('outcome', 'accepted', 'state', 'received', 'position', v_message.position,
    'busyPolicy', v_policy, 'turnId', v_conversation.turn_id,
    'turns', v_conversation.turns, 'model', v_conversation.model, 'waiting', coalesce(v_waiting, '[]'::json));
end $$;

create or replace function accept_message(
  p_conversation text, p_owner text, p_id text, p_text text, p_client_id text, p_via text,
  p_queue_limit int, p_policy text, p_turn_limit int)
returns json language sql as $$
  select accept_message(p_conversation, p_owner, p_id, p_text, p_client_id, p_via, p_queue_limit, p_policy,
    p_turn_limit, null::text)
$$;

-- As before; the message says who wrote it. Called while the turn runs.
create or replace function keep_streamed_text(p_conversation text, p_turn text, p_message text)
returns json language plpgsql as $$
declare
  v_streamed json := get_streamed_text(p_conversation, p_message);
begin
  if v_streamed is null then
    return null;
  end if;
  insert into messages (id, conversation_id, role, text, tool_calls, state, turn_id, model)
    values (p_message, p_conversation, 'assistant', v_streamed ->> 'text', '[]', 'done', p_turn,
      (select turn_settings ->> 'model' from conversations where id = p_conversation and turn_id = p_turn))
    on conflict do nothing;
  if not found then
    return null;
  end if;
  return json_build_object('k', p_message || ':text', 't', p_turn, 'y', 'text.completed', 'b',
    json_build_object('messageId', p_message, 'attempt', v_streamed -> 'attempt', 'text', v_streamed -> 'text'));
end $$;

-- As before; a message that names a model has the turn that it begins, or joins, go on with that one.
create or replace function begin_round(
  p_conversation text, p_turn text, p_round int, p_messages text[], p_steered text[], p_trigger text,
  p_prompt_hash text)
returns json language plpgsql as $$
declare
  v_conversation conversations;
  v_running boolean;
  v_state text;
  v_stored json;
  v_message messages;
  v_settings json;
  v_round_key text := p_turn || '.r' || p_round;
  v_shown json[] := '{}';
  v_joined text[];
  v_events json;
  v_started timestamptz;
  v_waited bigint;
  v_model text;
  v_log json;
begin
  select * into v_conversation from conversations where id = p_conversation for update;
  if not found then
    return json_build_object('outcome', 'missing');
  end if;
  select outcome into v_stored from rounds where turn_id = p_turn and round = p_round;
  if found then
    return json_build_object('outcome', 'done', 'stored', v_stored);
  end if;
  -- Of turns before the latest one nothing else may be left that says that they are over.
  if substring(p_turn from '\d+$')::int < v_conversation.turns and p_turn is distinct from v_conversation.turn_id
      or exists (select 1 from events where conversation_id = p_conversation and key = p_turn || ':finished') then
    return json_build_object('outcome', 'over');
  end if;
  if exists (select 1 from messages where id = any (p_messages)
      and (turn_id is distinct from p_turn and turn_id is not null or state in ('withdrawn', 'refused'))) then
    return json_build_object('outcome', 'taken');
  end if;
  for v_message in select * from messages
      where id = any (p_messages || p_steered) and state in ('received', 'queued')
      order by position loop
    update messages set state = 'done', turn_id = p_turn, position = nextval('message_positions')
      where id = v_message.id;
    v_shown := v_shown || user_message_event(v_message);
    v_model := coalesce(v_message.model, v_model);
  end loop;
  v_running := v_conversation.turn_id is not distinct from p_turn;
  -- The workflow of the turn that stands here was ended from outside; a new one goes on.
  if v_conversation.turn_id is not null and not v_running then
    v_shown := abandon_turn(p_conversation, v_conversation.turn_id, v_conversation.turn_round) || v_shown;
  end if;
  if not v_running then
    insert into open_turns (conversation_id, owner_id) values (p_conversation, v_conversation.owner_id)
      on conflict (conversation_id) do update set held_until = null;
  end if;
  v_state := case when v_running and v_conversation.state = 'cancelling' then 'cancelling' else 'thinking' end;
  v_started := case when v_running then v_conversation.turn_started_at else clock_timestamp() end;
  v_waited := case when v_running then v_conversation.turn_waited_ms else 0 end;
  v_settings := case when v_running then v_conversation.turn_settings end;
  if v_settings is null then
    v_settings := json_build_object('owner', v_conversation.owner_id,
      'wallet', (select wallet from owners where id = v_conversation.owner_id),
      'model', coalesce(v_model, v_conversation.model), 'modelSettings', v_conversation.model_settings,
      'fallbackModels', v_conversation.fallback_models, 'instructions', v_conversation.instructions,
      'tools', v_conversation.tools, 'chainId', v_conversation.chain_id, 'history', v_conversation.history,
      'permissions', v_conversation.permissions, 'memory', v_conversation.memory);
  elsif v_model is not null then
    -- Whoever chooses a model wants it tried, also one that was down before.
    v_settings := (v_settings::jsonb - 'downModels' || jsonb_build_object('model', v_model))::json;
  end if;
  -- The workflow also counts turns that came to nothing; one that starts anew must not repeat a number.
  update conversations
    set turn_id = p_turn, turn_round = p_round, state = v_state, turn_started_at = v_started,
        turn_waited_ms = v_waited, waiting_since = null, turn_settings = v_settings,
        turns = greatest(turns, substring(p_turn from '\d+$')::int)
    where id = p_conversation;
  if p_round = 0 then
    v_shown := v_shown || json_build_object('k', p_turn || ':started', 't', p_turn, 'y', 'turn.started', 'b',
      json_build_object('trigger', p_trigger, 'messageIds', p_messages, 'model', v_settings -> 'model',
        'promptHash', p_prompt_hash));
  end if;
  if v_state = 'thinking' then
    v_shown := v_shown || json_build_object('k', v_round_key || ':thinking', 't', p_turn,
      'y', 'conversation.updated', 'b', json_build_object('state', 'thinking'));
  end if;
  v_joined := array(select id from messages where id = any (p_steered) and turn_id = p_turn order by position);
  v_shown := v_shown || json_build_object('k', v_round_key || ':started', 't', p_turn, 'y', 'round.started',
    'b', json_strip_nulls(json_build_object('round', p_round,
      'messageIds', case when cardinality(v_joined) > 0 then v_joined end,
      'model', case when p_round > 0 then v_model end)));
  v_events := array_to_json(v_shown);
  v_log := append_events(p_conversation, v_events, null, false);
  return json_build_object('outcome', 'run', 'state', v_state,
    'settings', v_settings,
    'startedAtMs', (extract(epoch from v_started) * 1000)::bigint + v_waited,
    'firstSeq', (select seq from events
      where conversation_id = p_conversation and key = v_round_key || ':started'),
    'events', v_events, 'log', v_log);
end $$;

-- The running turn goes on with another model, because the one it had is down. Does nothing when it has another one
-- already. Answers {log}.
create function use_fallback(p_conversation text, p_turn text, p_from text, p_to text, p_events json)
returns json language plpgsql as $$
begin
  update conversations
    set turn_settings = (turn_settings::jsonb || jsonb_build_object('model', p_to, 'downModels',
      coalesce(turn_settings::jsonb -> 'downModels', '[]') || to_jsonb(p_from)))::json
    where id = p_conversation and turn_id = p_turn and turn_settings ->> 'model' = p_from;
  if not found then
    return json_build_object('log', null);
  end if;
  return json_build_object('log', append_events(p_conversation, p_events, p_turn, false));
end $$;
