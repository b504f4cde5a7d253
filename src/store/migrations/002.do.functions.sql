-- Writes of the hot path, one round trip each.

-- The server's present life; its first caller begins it.
create function get_server_life() returns server_life language plpgsql as $$
declare
  v_life server_life;
begin
  select * into v_life from server_life;
  if not found then
    insert into server_life default values on conflict do nothing;
    select * into v_life from server_life;
  end if;
  return v_life;
end $$;

-- Appends events [{k, t, y, b}] (key, turn, type, body) and returns
-- {prev, last, ts, owner, seqs: [number or null]}, or null when the conversation does not exist.
-- A null number means that the key stood there already.
-- With p_turn, nothing is appended unless that turn is the running one: a late writer is dropped.
-- With p_async, the commit does not wait for the disk and the notification is sent from here; a
-- synchronous commit must not notify, because that holds a database-wide lock until the flush.
create function append_events(p_conversation text, p_events json, p_turn text, p_async boolean)
returns json language plpgsql as $$
declare
  v_prev bigint;
  v_last bigint;
  v_owner text;
  v_given_life uuid;
  v_life uuid;
  v_turn text;
  v_now timestamptz := date_trunc('milliseconds', clock_timestamp());
  v_seqs bigint[] := '{}';
  v_event json;
  v_notice text;
begin
  select last_seq, owner_id, server_life, turn_id into v_prev, v_owner, v_given_life, v_turn
    from conversations where id = p_conversation for update;
  if not found then
    return null;
  end if;
  select id into v_life from get_server_life();
  -- The first append of a life waits for the disk, so that its jump cannot be taken back in turn.
  if p_async and v_given_life = v_life then
    perform set_config('synchronous_commit', 'off', true);
  end if;
  if p_turn is not null and v_turn is distinct from p_turn then
    return json_build_object('prev', v_prev, 'last', v_prev, 'ts', v_now, 'owner', v_owner, 'seqs', '[]'::json);
  end if;
  -- A crash of the server takes back its last asynchronous commits; a number that a client may have
  -- passed must never be given to another event.
  v_last := case when coalesce(v_given_life, v_life) = v_life then v_prev else v_prev + 1000000 end;
  for v_event in select * from json_array_elements(p_events) loop
    insert into events (conversation_id, seq, key, turn_id, type, body, ts)
      values (p_conversation, v_last + 1, v_event ->> 'k', v_event ->> 't', v_event ->> 'y', v_event -> 'b', v_now)
      on conflict (conversation_id, key) where key is not null do nothing;
    if found then
      v_last := v_last + 1;
      v_seqs := v_seqs || v_last;
    else
      v_seqs := v_seqs || null::bigint;
    end if;
  end loop;
  if v_last <> v_prev then
    update conversations set last_seq = v_last, server_life = v_life where id = p_conversation;
  end if;
  if p_async and v_last <> v_prev then
    v_notice := json_build_object('c', p_conversation, 'o', v_owner, 'p', v_prev, 's', v_last, 'ts', v_now,
      'seqs', v_seqs, 'es', p_events)::text;
    if octet_length(v_notice) > 7900 then
      v_notice := json_build_object('c', p_conversation, 'o', v_owner, 'p', v_prev, 's', v_last)::text;
    end if;
    perform pg_notify('perdura_events', v_notice);
  end if;
  return json_build_object('prev', v_prev, 'last', v_last, 'ts', v_now, 'owner', v_owner,
    'seqs', array_to_json(v_seqs));
end $$;

-- Records a user's message before anything is signalled. Answers
-- {outcome: accepted | repeated | conflict | full | busy | missing, state, position, turnId, turns, model, waiting}.
-- `waiting` names messages that were signalled long ago while nothing runs: their workflow is gone.
create function accept_message(
  p_conversation text, p_owner text, p_id text, p_text text, p_client_id text, p_via text,
  p_queue_limit int, p_policy text)
returns json language plpgsql as $$
declare
  v_conversation conversations;
  v_message messages;
  v_count int;
  v_waiting json;
begin
  select * into v_conversation from conversations
    where id = p_conversation and owner_id = p_owner for update;
  if not found then
    return json_build_object('outcome', 'missing');
  end if;
  select * into v_message from messages where id = p_id;
  if found then
    return json_build_object(
      'outcome', case when v_message.text = p_text then 'repeated' else 'conflict' end,
      'state', v_message.state, 'position', v_message.position, 'turnId', v_message.turn_id,
      'turns', v_conversation.turns, 'model', v_conversation.model);
  end if;
  -- One that was never signalled, because the workflow server was away, takes no place for long.
  select count(*) into v_count from messages
    where conversation_id = p_conversation
      and (state = 'queued' or state = 'received' and created_at > now() - interval '1 minute');
  if coalesce(p_policy, v_conversation.busy_policy) = 'reject'
      and (v_conversation.turn_id is not null or v_count > 0) then
    return json_build_object('outcome', 'busy', 'turnId', v_conversation.turn_id);
  end if;
  if v_count >= p_queue_limit then
    return json_build_object('outcome', 'full');
  end if;
  if v_count > 0 and v_conversation.turn_id is null then
    select json_agg(json_build_object('messageId', id, 'position', position) order by position) into v_waiting
      from messages
      where conversation_id = p_conversation and state = 'queued'
        and created_at < now() - interval '10 seconds';
  end if;
  insert into messages (id, conversation_id, role, text, state, client_message_id, via)
    values (p_id, p_conversation, 'user', p_text, 'received', p_client_id, p_via)
    returning * into v_message;
  update conversations set updated_at = v_message.created_at where id = p_conversation;
  return json_build_object('outcome', 'accepted', 'state', 'received', 'position', v_message.position,
    'turns', v_conversation.turns, 'model', v_conversation.model, 'waiting', coalesce(v_waiting, '[]'::json));
end $$;

-- The event that shows a user's message.
create function user_message_event(p_message messages) returns json language sql immutable as $$
  select json_build_object('k', 'user:' || p_message.id, 't', null, 'y', 'user.message', 'b',
    json_strip_nulls(json_build_object('messageId', p_message.id,
      'clientMessageId', p_message.client_message_id, 'text', p_message.text, 'via', p_message.via)))
$$;

-- After the signal: shows the message, and says that it waits when a turn is running.
-- Does not wait for the disk: the first round of its turn shows the message as well. Answers
-- {state: started | queued, log}.
create function announce_message(p_conversation text, p_id text)
returns json language plpgsql as $$
declare
  v_turn text;
  v_message messages;
  v_events json;
  v_position int;
begin
  select turn_id into v_turn from conversations where id = p_conversation for update;
  select * into v_message from messages where id = p_id;
  if not found then
    return null;
  end if;
  if v_message.state = 'received' then
    update messages set state = 'queued' where id = p_id;
  end if;
  select count(*) into v_position from messages
    where conversation_id = p_conversation and state = 'queued' and position < v_message.position;
  if v_message.state in ('received', 'queued') and (v_turn is not null or v_position > 0) then
    v_events := json_build_array(user_message_event(v_message), json_build_object(
      'k', 'queued:' || p_id, 't', null, 'y', 'message.queued',
      'b', json_build_object('messageId', p_id, 'text', v_message.text, 'position', v_position)));
    return json_build_object('state', 'queued', 'log', append_events(p_conversation, v_events, null, true));
  end if;
  v_events := json_build_array(user_message_event(v_message));
  return json_build_object('state', 'started', 'log', append_events(p_conversation, v_events, null, true));
end $$;

-- What the model had streamed of a message in its latest attempt, when nothing else is left of it.
create function get_streamed_text(p_conversation text, p_message text)
returns json language sql stable as $$
  select json_build_object('attempt', attempt, 'text', text) from (
    select (body ->> 'attempt')::int as attempt, string_agg(body ->> 'delta', '' order by seq) as text
      from events
      where conversation_id = p_conversation and type = 'text.delta' and body ->> 'messageId' = p_message
      group by 1 order by 1 desc limit 1) as latest
$$;

-- Keeps what clients were shown of an answer that ends without a text of its own. Answers its event, or null.
create function keep_streamed_text(p_conversation text, p_turn text, p_message text)
returns json language plpgsql as $$
declare
  v_streamed json := get_streamed_text(p_conversation, p_message);
begin
  if v_streamed is null then
    return null;
  end if;
  insert into messages (id, conversation_id, role, text, tool_calls, state, turn_id)
    values (p_message, p_conversation, 'assistant', v_streamed ->> 'text', '[]', 'done', p_turn)
    on conflict do nothing;
  if not found then
    return null;
  end if;
  return json_build_object('k', p_message || ':text', 't', p_turn, 'y', 'text.completed', 'b',
    json_build_object('messageId', p_message, 'attempt', v_streamed -> 'attempt', 'text', v_streamed -> 'text'));
end $$;

-- Ends a turn whose workflow is gone, with its open calls. Answers the events to append.
create function abandon_turn(p_conversation text, p_turn text, p_round int)
returns json[] language plpgsql as $$
declare
  v_error json := json_build_object('code', 'internal', 'retryable', true,
    'message', 'The turn ended before the tool did.');
  v_events json[] := '{}';
  v_call text;
  v_kept json := keep_streamed_text(p_conversation, p_turn, p_turn || '.r' || coalesce(p_round, 0));
begin
  if v_kept is not null then
    v_events := v_events || v_kept;
  end if;
  for v_call in update tool_calls set status = 'error', error = v_error, finished_at = now()
      where turn_id = p_turn and status is null returning id loop
    insert into messages (id, conversation_id, role, text, call_id, state, turn_id)
      values (v_call, p_conversation, 'tool', json_build_object('error', v_error)::text, v_call, 'done', p_turn);
    v_events := v_events || json_build_object('k', v_call || ':completed', 't', p_turn, 'y', 'tool.completed',
      'b', json_build_object('callId', v_call, 'status', 'error', 'error', v_error));
  end loop;
  return v_events || json_build_object('k', p_turn || ':finished', 't', p_turn, 'y', 'turn.finished', 'b',
    json_build_object('outcome', 'error', 'code', 'internal',
      'message', 'The turn was lost with its workflow. The next message works.'));
end $$;

-- Begins a round, and with round 0 its turn: its messages become part of the turn and are shown.
-- Answers {outcome, stored, state, settings, startedAtMs, firstSeq, events, log}; firstSeq is the number of
-- the round's own beginning, the same for every try; outcome is run (go on), done (this round is stored
-- already), taken (its messages belong to another turn), over (the turn has ended) or missing.
create function begin_round(
  p_conversation text, p_turn text, p_round int, p_messages text[], p_trigger text, p_prompt_hash text)
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
  v_events json;
  v_started timestamptz;
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
  if exists (select 1 from events where conversation_id = p_conversation and key = p_turn || ':finished') then
    return json_build_object('outcome', 'over');
  end if;
  if exists (select 1 from messages where id = any (p_messages)
      and (turn_id is distinct from p_turn and turn_id is not null or state in ('withdrawn', 'refused'))) then
    return json_build_object('outcome', 'taken');
  end if;
  for v_message in select * from messages
      where id = any (p_messages) and state in ('received', 'queued') order by position loop
    update messages set state = 'done', turn_id = p_turn, position = nextval('message_positions')
      where id = v_message.id;
    v_shown := v_shown || user_message_event(v_message);
  end loop;
  v_running := v_conversation.turn_id is not distinct from p_turn;
  -- The workflow of the turn that stands here was ended from outside; a new one goes on.
  if v_conversation.turn_id is not null and not v_running then
    v_shown := abandon_turn(p_conversation, v_conversation.turn_id, v_conversation.turn_round) || v_shown;
  end if;
  v_state := case when v_running and v_conversation.state = 'cancelling' then 'cancelling' else 'thinking' end;
  v_started := case when v_running then v_conversation.turn_started_at else clock_timestamp() end;
  -- The workflow also counts turns that came to nothing; one that starts anew must not repeat a number.
  v_settings := case when v_running then v_conversation.turn_settings end;
  if v_settings is null then
    v_settings := json_build_object('owner', v_conversation.owner_id,
      'wallet', (select wallet from owners where id = v_conversation.owner_id),
      'model', v_conversation.model, 'instructions', v_conversation.instructions,
      'tools', v_conversation.tools, 'chainId', v_conversation.chain_id, 'history', v_conversation.history);
  end if;
  update conversations
    set turn_id = p_turn, turn_round = p_round, state = v_state, turn_started_at = v_started,
        turn_settings = v_settings,
        turns = greatest(turns, substring(p_turn from '\d+$')::int)
    where id = p_conversation;
  if p_round = 0 then
    v_shown := v_shown || json_build_object('k', p_turn || ':started', 't', p_turn, 'y', 'turn.started', 'b',
      json_build_object('trigger', p_trigger, 'messageIds', p_messages, 'model', v_conversation.model,
        'promptHash', p_prompt_hash));
  end if;
  if v_state = 'thinking' then
    v_shown := v_shown || json_build_object('k', v_round_key || ':thinking', 't', p_turn,
      'y', 'conversation.updated', 'b', json_build_object('state', 'thinking'));
  end if;
  v_shown := v_shown || json_build_object('k', v_round_key || ':started', 't', p_turn, 'y', 'round.started',
    'b', json_build_object('round', p_round));
  v_events := array_to_json(v_shown);
  v_log := append_events(p_conversation, v_events, null, false);
  return json_build_object('outcome', 'run', 'state', v_state,
    'settings', v_settings,
    'startedAtMs', (extract(epoch from v_started) * 1000)::bigint,
    'firstSeq', (select seq from events
      where conversation_id = p_conversation and key = v_round_key || ':started'),
    'events', v_events, 'log', v_log);
end $$;

-- Stores what a model call produced, all or nothing, and ends the turn when p_ends.
-- p_message: {id, text, toolCalls} or null; p_calls: [{id, providerCallId, name, arguments, status, error,
-- text}], where a status other than null ends the call at once; p_usage: {attempt, model, …} or null.
-- Deltas of the message after p_floor are removed: its completed event carries the whole text.
-- Answers {outcome: stored | done | over, stored, log}.
create function finish_round(
  p_conversation text, p_turn text, p_round int, p_outcome json, p_message json, p_calls json,
  p_usage json, p_events json, p_floor bigint, p_ends boolean)
returns json language plpgsql as $$
declare
  v_turn text;
  v_stored json;
  v_call json;
  v_kept json;
  v_events json := p_events;
begin
  select turn_id into v_turn from conversations where id = p_conversation for update;
  select outcome into v_stored from rounds where turn_id = p_turn and round = p_round;
  if found then
    return json_build_object('outcome', 'done', 'stored', v_stored);
  end if;
  if v_turn is distinct from p_turn then
    return json_build_object('outcome', 'over');
  end if;
  insert into rounds (turn_id, round, conversation_id, outcome)
    values (p_turn, p_round, p_conversation, p_outcome);
  if p_message is null and p_ends then
    v_kept := keep_streamed_text(p_conversation, p_turn, p_turn || '.r' || p_round);
  end if;
  if p_message is not null then
    insert into messages (id, conversation_id, role, text, tool_calls, state, turn_id)
      values (p_message ->> 'id', p_conversation, 'assistant', p_message ->> 'text',
        p_message -> 'toolCalls', 'done', p_turn);
  end if;
  for v_call in select * from json_array_elements(p_calls) loop
    insert into tool_calls
        (id, conversation_id, turn_id, provider_call_id, name, arguments, status, error, finished_at)
      values (v_call ->> 'id', p_conversation, p_turn, v_call ->> 'providerCallId', v_call ->> 'name',
        v_call ->> 'arguments', v_call ->> 'status', v_call -> 'error',
        case when v_call ->> 'status' is null then null else now() end);
    if v_call ->> 'status' is not null then
      insert into messages (id, conversation_id, role, text, call_id, state, turn_id)
        values (v_call ->> 'id', p_conversation, 'tool', v_call ->> 'text', v_call ->> 'id', 'done', p_turn);
    end if;
  end loop;
  if p_usage is not null then
    insert into model_usage (turn_id, round, attempt, conversation_id, model, input_tokens, output_tokens,
        cached_tokens, context_tokens, context_limit)
      values (p_turn, p_round, (p_usage ->> 'attempt')::int, p_conversation, p_usage ->> 'model',
        (p_usage ->> 'inputTokens')::int, (p_usage ->> 'outputTokens')::int,
        (p_usage ->> 'cachedTokens')::int, (p_usage ->> 'contextTokens')::int,
        (p_usage ->> 'contextLimit')::int);
  end if;
  delete from events where conversation_id = p_conversation and seq > p_floor and turn_id = p_turn
    and type in ('text.delta', 'reasoning.delta');
  update conversations
    set state = case when p_ends then 'idle' when state = 'cancelling' then state else 'tools' end,
        turn_id = case when p_ends then null else turn_id end,
        turn_round = case when p_ends then null else turn_round end
    where id = p_conversation;
  if v_kept is not null then
    select json_agg(e) into v_events
      from (select v_kept as e union all select json_array_elements(p_events)) as all_events;
  end if;
  return json_build_object('outcome', 'stored', 'kept', v_kept is not null, 'log',
    append_events(p_conversation, v_events, null, false));
end $$;

-- Claims one try of a call. Answers {outcome: run | done | missing, ...}; `lost` counts the tries that
-- took their worker with them, `earlier` holds the outputs of the steps so far: a last step that is done
-- still has to make the call's result from all of them.
create function begin_tool_try(p_call text, p_step int)
returns json language plpgsql as $$
declare
  v_call tool_calls;
  v_conversation conversations;
  v_step json;
  v_wallet text;
begin
  perform set_config('synchronous_commit', 'off', true);
  update tool_calls set tries_begun = tries_begun + 1 where id = p_call and status is null
    returning * into v_call;
  if not found then
    select * into v_call from tool_calls where id = p_call;
    if not found then
      return json_build_object('outcome', 'missing');
    end if;
    return json_build_object('outcome', 'done', 'status', v_call.status);
  end if;
  select * into v_conversation from conversations where id = v_call.conversation_id;
  if p_step is not null then
    select output into v_step from tool_steps where call_id = p_call and step_index = p_step;
  end if;
  select wallet into v_wallet from owners where id = v_conversation.owner_id;
  return json_build_object('outcome', 'run', 'name', v_call.name, 'arguments', v_call.arguments,
    'failed', v_call.tries_failed, 'lost', v_call.tries_begun - 1 - v_call.tries_failed,
    'owner', v_conversation.owner_id, 'wallet', v_wallet, 'chainId', v_conversation.chain_id,
    'cancelling', v_conversation.state = 'cancelling' and v_conversation.turn_id = v_call.turn_id,
    'stepDone', v_step is not null,
    'earlier', coalesce((select json_object_agg(name, output) from tool_steps
      where call_id = p_call and step_index <= p_step), '{}'::json));
end $$;

-- Counts a try that failed by itself and will be repeated; a try handed over is uncounted instead.
create function end_tool_try(p_call text, p_failed boolean)
returns int language sql as $$
  update tool_calls
    set tries_failed = tries_failed + case when p_failed then 1 else 0 end,
        tries_begun = tries_begun - case when p_failed then 0 else 1 end
    where id = p_call and status is null returning tries_failed
$$;

-- Stores the output of a finished step once. The tries of the next step start from nothing.
create function finish_step(
  p_conversation text, p_turn text, p_call text, p_step int, p_name text, p_output json, p_events json)
returns json language plpgsql as $$
begin
  perform 1 from conversations where id = p_conversation for update;
  if not exists (select 1 from tool_calls where id = p_call and status is null) then
    return json_build_object('outcome', 'over');
  end if;
  insert into tool_steps (call_id, step_index, name, output)
    values (p_call, p_step, p_name, p_output) on conflict do nothing;
  if found then
    update tool_calls set tries_begun = 0, tries_failed = 0 where id = p_call;
  end if;
  return json_build_object('outcome', 'stored', 'log', append_events(p_conversation, p_events, p_turn, false));
end $$;

-- Stores the end of a call exactly once, with the text the model is given. Answers
-- {outcome: stored | done, status, log}.
create function finish_call(
  p_conversation text, p_turn text, p_call text, p_status text, p_output json, p_error json, p_text text,
  p_events json)
returns json language plpgsql as $$
declare
  v_status text;
begin
  perform 1 from conversations where id = p_conversation for update;
  update tool_calls set status = p_status, output = p_output, error = p_error, finished_at = now()
    where id = p_call and status is null;
  if not found then
    select status into v_status from tool_calls where id = p_call;
    return json_build_object('outcome', 'done', 'status', v_status);
  end if;
  insert into messages (id, conversation_id, role, text, call_id, state, turn_id)
    values (p_call, p_conversation, 'tool', p_text, p_call, 'done', p_turn);
  return json_build_object('outcome', 'stored', 'status', p_status,
    'log', append_events(p_conversation, p_events, p_turn, false));
end $$;

-- Ends the running turn, and every call of it that is still open, as p_call_events says for each.
-- p_open: [{id, error, text, event}]. Answers {outcome: stored | done, log}.
create function finish_turn(p_conversation text, p_turn text, p_status text, p_open json, p_events json)
returns json language plpgsql as $$
declare
  v_turn text;
  v_round int;
  v_kept json;
  v_open json;
  v_closed json[] := '{}';
  v_events json;
begin
  select turn_id, turn_round into v_turn, v_round from conversations where id = p_conversation for update;
  if v_turn is distinct from p_turn then
    return json_build_object('outcome', 'done');
  end if;
  v_kept := keep_streamed_text(p_conversation, p_turn, p_turn || '.r' || coalesce(v_round, 0));
  if v_kept is not null then
    v_closed := v_closed || v_kept;
  end if;
  for v_open in select * from json_array_elements(p_open) loop
    update tool_calls set status = p_status, error = v_open -> 'error', finished_at = now()
      where id = v_open ->> 'id' and status is null;
    if found then
      insert into messages (id, conversation_id, role, text, call_id, state, turn_id)
        values (v_open ->> 'id', p_conversation, 'tool', v_open ->> 'text', v_open ->> 'id', 'done', p_turn);
      v_closed := v_closed || (v_open -> 'event');
    end if;
  end loop;
  select json_agg(e) into v_events
    from (select unnest(v_closed) as e union all select json_array_elements(p_events)) as all_events;
  update conversations set state = 'idle', turn_id = null, turn_round = null where id = p_conversation;
  return json_build_object('outcome', 'stored', 'log', append_events(p_conversation, v_events, null, false));
end $$;

-- Marks the running turn as being stopped. Answers {outcome, turnId, log}; outcome is stopping, pending (no
-- turn has begun, but a message waits for one), idle or missing.
create function stop_turn(p_conversation text, p_owner text, p_turn text)
returns json language plpgsql as $$
declare
  v_turn text;
  v_log json;
begin
  select turn_id into v_turn from conversations where id = p_conversation and owner_id = p_owner for update;
  if not found then
    return json_build_object('outcome', 'missing');
  end if;
  if v_turn is null and p_turn is null and exists (select 1 from messages
      where conversation_id = p_conversation and state in ('received', 'queued')) then
    return json_build_object('outcome', 'pending');
  end if;
  if v_turn is null or v_turn <> coalesce(p_turn, v_turn) then
    return json_build_object('outcome', 'idle');
  end if;
  update conversations set state = 'cancelling' where id = p_conversation;
  perform pg_notify('perdura_stops', json_build_object('c', p_conversation, 't', v_turn)::text);
  v_log := append_events(p_conversation, json_build_array(json_build_object(
    'k', v_turn || ':cancelling', 't', v_turn, 'y', 'conversation.updated',
    'b', json_build_object('state', 'cancelling'))), null, true);
  return json_build_object('outcome', 'stopping', 'turnId', v_turn, 'log', v_log);
end $$;

-- Ends the running turn when its workflow is found to be gone. Answers {log}.
create function end_lost_turn(p_conversation text, p_turn text)
returns json language plpgsql as $$
declare
  v_turn text;
  v_round int;
  v_events json[];
begin
  select turn_id, turn_round into v_turn, v_round from conversations where id = p_conversation for update;
  if v_turn is distinct from p_turn then
    return json_build_object('log', null);
  end if;
  v_events := abandon_turn(p_conversation, p_turn, v_round);
  update conversations set state = 'idle', turn_id = null, turn_round = null where id = p_conversation;
  return json_build_object('log', append_events(p_conversation, array_to_json(v_events), null, false));
end $$;

-- Creates a conversation, or answers the one that the same external id or idempotency key has made: both under
-- one lock, so that of two equal requests one finds what the other made. Answers {outcome: created | found |
-- conflict, id}.
create function create_conversation(
  p_id text, p_owner text, p_external text, p_key text, p_hash text, p_title text, p_model text,
  p_instructions text, p_tools text[], p_chain bigint, p_policy text, p_history json, p_memory boolean)
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
  insert into conversations (id, owner_id, external_id, title, model, instructions, tools, chain_id,
      busy_policy, history, memory)
    values (p_id, p_owner, p_external, p_title, p_model, p_instructions, p_tools, p_chain, p_policy,
      p_history, p_memory);
  if p_key is not null then
    insert into idempotency_keys (owner_id, key, request_hash, conversation_id)
      values (p_owner, p_key, p_hash, p_id);
  end if;
  return json_build_object('outcome', 'created', 'id', p_id);
end $$;
