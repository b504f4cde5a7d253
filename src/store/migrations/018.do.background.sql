-- Background calls: calls that go on as workflows of their own, beyond the turn that asked for them.

alter table tool_calls
  -- What its workflow runs, {callId, name, summary, timeoutMs, steps}; null for a call of its turn.
  add column background json,
  -- When the latest try of a background call began.
  add column tried_at timestamptz;
create index tool_calls_background on tool_calls (conversation_id) where background is not null and status is null;

-- As before, and the event that tells of a note, when its turn begins.
create or replace function user_message_event(p_message messages) returns json language sql immutable as $$
  select case when p_message.role = 'note'
    then json_build_object('k', 'note:' || p_message.id, 't', p_message.turn_id, 'y', 'system.note', 'b',
      json_build_object('messageId', p_message.id, 'source', p_message.via, 'text', p_message.text))
    else json_build_object('k', 'user:' || p_message.id, 't', null, 'y', 'user.message', 'b',
      json_strip_nulls(json_build_object('messageId', p_message.id,
        'clientMessageId', p_message.client_message_id, 'text', p_message.text, 'via', p_message.via))) end
$$;

-- As before; a background call is no part of what its turn waits for.
create or replace function settle_waiting(p_conversation text, p_turn text)
returns json[] language plpgsql as $$
declare
  v_conversation conversations;
  v_requests text[];
  v_waits boolean;
begin
  select * into v_conversation from conversations where id = p_conversation;
  if v_conversation.turn_id is distinct from p_turn or v_conversation.state not in ('tools', 'waiting') then
    return '{}';
  end if;
  v_requests := array(select id from requests
    where conversation_id = p_conversation and turn_id = p_turn and outcome is null order by opened_at, id);
  if v_conversation.state = 'tools' and cardinality(v_requests) = 0 then
    return '{}';
  end if;
  v_waits := cardinality(v_requests) > 0 and not exists (
    select 1 from tool_calls c where c.turn_id = p_turn and c.status is null and c.background is null and not exists (
      select 1 from requests r where r.conversation_id = p_conversation and r.outcome is null
        and c.id = any (r.call_ids)));
  if v_waits and v_conversation.state = 'tools' then
    update conversations set state = 'waiting', waiting_since = clock_timestamp() where id = p_conversation;
    return array[
      json_build_object('k', null, 't', p_turn, 'y', 'conversation.updated',
        'b', json_build_object('state', 'waiting')),
      json_build_object('k', null, 't', p_turn, 'y', 'turn.waiting',
        'b', json_build_object('requestIds', v_requests))];
  end if;
  if not v_waits and v_conversation.state = 'waiting' then
    update conversations set state = 'tools', waiting_since = null,
        turn_waited_ms = turn_waited_ms
          + coalesce((extract(epoch from clock_timestamp() - waiting_since) * 1000)::bigint, 0)
      where id = p_conversation;
    return array[json_build_object('k', null, 't', p_turn, 'y', 'conversation.updated',
      'b', json_build_object('state', 'tools'))];
  end if;
  return '{}';
end $$;

-- As before; a background call goes on.
create or replace function abandon_turn(p_conversation text, p_turn text, p_round int)
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
  v_events := v_events || cancel_requests(p_conversation, p_turn);
  for v_call in select id from tool_calls where turn_id = p_turn and status is null and background is null
      order by length(id), id loop
    v_events := v_events || end_decided_call(p_conversation, p_turn, v_call, 'error', null, v_error,
      json_build_object('error', v_error)::text);
  end loop;
  delete from open_turns where conversation_id = p_conversation;
  return v_events || json_build_object('k', p_turn || ':finished', 't', p_turn, 'y', 'turn.finished', 'b',
    json_build_object('outcome', 'error', 'code', 'internal',
      'message', 'The turn was lost with its workflow. The next message works.'));
end $$;

-- As before; a background call goes on.
create or replace function finish_turn(
  p_conversation text, p_turn text, p_status text, p_open json, p_events json)
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
  v_closed := v_closed || cancel_requests(p_conversation, p_turn);
  for v_open in select * from json_array_elements(p_open) loop
    update tool_calls set status = p_status, error = v_open -> 'error', finished_at = now()
      where id = v_open ->> 'id' and status is null and background is null;
    if found then
      insert into messages (id, conversation_id, role, text, call_id, state, turn_id)
        values (v_open ->> 'id', p_conversation, 'tool', v_open ->> 'text', v_open ->> 'id', 'done', p_turn);
      v_closed := v_closed || (v_open -> 'event');
    end if;
  end loop;
  select json_agg(e) into v_events
    from (select unnest(v_closed) as e union all select json_array_elements(p_events)) as all_events;
  update conversations set state = 'idle', turn_id = null, turn_round = null where id = p_conversation;
  delete from open_turns where conversation_id = p_conversation;
  return json_build_object('outcome', 'stored', 'log', append_events(p_conversation, v_events, null, false));
end $$;

-- As before; notes wait behind the messages.
create or replace function queue_place(p_message messages) returns int language sql stable as $$
  select count(*)::int from messages
    where conversation_id = (p_message).conversation_id and state = 'queued' and role = 'user'
      and (busy_policy <> 'interrupt', position)
        < ((p_message).busy_policy <> 'interrupt', (p_message).position)
$$;

-- As before; notes take no place in the queue.
create or replace function accept_message(
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
    where conversation_id = p_conversation and role = 'user'
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
  if v_conversation.turn_id is null then
    select json_agg(json_strip_nulls(json_build_object('messageId', id, 'position', position,
        'busyPolicy', busy_policy, 'note', case when role = 'note' then true end)) order by position) into v_waiting
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

-- How often the round of the running turn was begun. Those that run now have numbers from the processes before.
alter table conversations add column turn_round_tries int not null default 0;
update conversations set turn_round_tries = 2000000 where turn_id is not null;

-- As before; what joins the turn stands behind what began it. A round that was stored is answered with the calls of it
-- that have ended and with what still waits to join it, one that begins with the number of its attempt. Unless p_joinable, one begins only when no message
-- waits to join it.
drop function begin_round(text, text, int, text[], text[], text, text);
create function begin_round(
  p_conversation text, p_turn text, p_round int, p_messages text[], p_steered text[], p_trigger text,
  p_prompt_hash text, p_joinable boolean default true)
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
  v_joins boolean := false;
  v_joined text[];
  v_events json;
  v_started timestamptz;
  v_waited bigint;
  v_attempt int;
  v_model text;
  v_log json;
begin
  select * into v_conversation from conversations where id = p_conversation for update;
  if not found then
    return json_build_object('outcome', 'missing');
  end if;
  select outcome into v_stored from rounds where turn_id = p_turn and round = p_round;
  if found then
    return json_build_object('outcome', 'done', 'stored', v_stored,
      'ended', array_to_json(array(select id from tool_calls
        where id = any (array(select json_array_elements(v_stored -> 'calls') ->> 'callId')) and status is not null)),
      'unjoined', array_to_json(array(select id from messages
        where id = any (p_steered) and state in ('received', 'queued'))));
  end if;
  if not p_joinable and exists (select 1 from messages
      where conversation_id = p_conversation and busy_policy = 'steer'
        and (state = 'queued' or state = 'received' and created_at > now() - interval '1 minute')) then
    return json_build_object('outcome', 'joined');
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
      order by id <> all (p_messages), position loop
    update messages set state = 'done', turn_id = p_turn, position = nextval('message_positions')
      where id = v_message.id returning * into v_message;
    v_shown := v_shown || user_message_event(v_message);
    v_joins := v_joins or v_message.id = any (p_steered);
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
  v_attempt := case when v_running and v_conversation.turn_round = p_round
    then v_conversation.turn_round_tries else 0 end + 1;
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
        turns = greatest(turns, substring(p_turn from '\d+$')::int), turn_round_tries = v_attempt
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
  -- It was begun before by whoever did not know them: then it is said once more.
  v_shown := v_shown || json_build_object('k',
    v_round_key || ':started' || case when v_joins and v_attempt > 1 then ':' || v_attempt else '' end,
    't', p_turn, 'y', 'round.started', 'b', json_strip_nulls(json_build_object('round', p_round,
      'messageIds', case when cardinality(v_joined) > 0 then v_joined end,
      'model', case when p_round > 0 then v_model end)));
  v_events := array_to_json(v_shown);
  v_log := append_events(p_conversation, v_events, null, false);
  return json_build_object('outcome', 'run', 'state', v_state, 'attempt', v_attempt,
    'settings', v_settings,
    'startedAtMs', (extract(epoch from v_started) * 1000)::bigint + v_waited,
    'firstSeq', (select seq from events
      where conversation_id = p_conversation and key = v_round_key || ':started'),
    'events', v_events, 'log', v_log);
end $$;

-- What a call is answered that nothing allows: it waits for a person, or it is about to begin (p_begins) and the
-- grants that allowed it are gone. Null when it may run.
create function answer_ungranted(p_conversation conversations, p_call tool_calls, p_begins boolean)
returns json language plpgsql as $$
begin
  if p_call.permission ->> 'outcome' is distinct from 'approved' and (
      p_call.permission -> 'verdict' ->> 'decision' = 'ask'
      or p_begins and p_call.permission -> 'verdict' -> 'grantIds' is not null
        and not are_granted(array(
          select json_array_elements_text(p_call.permission -> 'verdict' -> 'grantIds')))) then
    return json_build_object('outcome', 'ungranted', 'owner', p_conversation.owner_id,
      'permissions', coalesce(p_conversation.turn_settings ->> 'permissions', p_conversation.permissions),
      'permission', p_call.permission);
  end if;
  return null;
end $$;

-- As before; a background call was allowed before it started, and outlives the Stop of its turn. One that had run for
-- ten minutes has not taken its worker down: over days, workers die for other reasons.
create or replace function begin_tool_try(p_call text, p_step int)
returns json language plpgsql as $$
declare
  v_ungranted json;
  v_call tool_calls;
  v_conversation conversations;
  v_step json;
  v_wallet text;
  v_tools json;
begin
  perform set_config('synchronous_commit', 'off', true);
  update tool_calls
    set tries_begun = 1 + case when tried_at < now() - interval '10 minutes' then tries_failed else tries_begun end,
      tried_at = case when background is not null then now() end
    where id = p_call and status is null
    returning * into v_call;
  if not found then
    select * into v_call from tool_calls where id = p_call;
    if not found then
      return json_build_object('outcome', 'missing');
    end if;
    return json_build_object('outcome', 'done', 'status', v_call.status);
  end if;
  select * into v_conversation from conversations where id = v_call.conversation_id;
  if v_call.background is null then
    v_ungranted := answer_ungranted(v_conversation, v_call, v_call.tries_begun = 1 and coalesce(p_step, 0) = 0);
  end if;
  if v_ungranted is not null then
    update tool_calls set tries_begun = 0 where id = p_call;
    return v_ungranted;
  end if;
  if p_step is not null then
    select output into v_step from tool_steps where call_id = p_call and step_index = p_step;
  end if;
  select wallet into v_wallet from owners where id = v_conversation.owner_id;
  v_tools := v_conversation.turn_settings -> 'tools';
  return json_build_object('outcome', 'run', 'name', v_call.name, 'arguments', v_call.arguments,
    'failed', v_call.tries_failed, 'lost', v_call.tries_begun - 1 - v_call.tries_failed,
    'owner', v_conversation.owner_id, 'wallet', v_wallet, 'chainId', v_conversation.chain_id,
    'cancelling', v_call.background is null and v_conversation.state = 'cancelling' and v_conversation.turn_id = v_call.turn_id,
    'readsOn', case when json_typeof(v_tools) = 'array' then exists (
        select 1 from json_array_elements_text(v_tools) as t (name) where t.name = 'read_result') else true end,
    'stepDone', v_step is not null,
    'earlier', coalesce((select json_object_agg(name, output) from tool_steps
      where call_id = p_call and step_index <= p_step), '{}'::json));
end $$;

-- As before; a background call tells of its steps whatever turn runs.
create or replace function finish_step(
  p_conversation text, p_turn text, p_call text, p_step int, p_name text, p_output json, p_events json)
returns json language plpgsql as $$
declare
  v_background boolean;
begin
  perform 1 from conversations where id = p_conversation for update;
  select background is not null into v_background from tool_calls where id = p_call and status is null;
  if not found then
    return json_build_object('outcome', 'over');
  end if;
  insert into tool_steps (call_id, step_index, name, output)
    values (p_call, p_step, p_name, p_output) on conflict do nothing;
  if found then
    update tool_calls set tries_begun = 0, tries_failed = 0 where id = p_call;
  end if;
  return json_build_object('outcome', 'stored', 'log', append_events(p_conversation, p_events,
    case when v_background then null else p_turn end, false));
end $$;

-- Tells of the end of a background call in a note, because the call was answered when it started: the note waits for a
-- turn, which `wake_conversation` asks for. What a person has stopped wakes nobody: its note is there for the next turn.
-- A call that was replaced by an edit is not told of, unless that is taken back. Answers the event of a note that does
-- not wait, or null.
create function note_background_end(p_call tool_calls, p_text text) returns json language plpgsql as $$
declare
  v_note messages;
begin
  insert into messages (id, conversation_id, role, text, state, via, superseded_by)
    select 'n_' || (p_call).id, (p_call).conversation_id, 'note',
        format(E'The background call %s of the tool %s has ended: %s.\nWhat follows is its result, and nothing that the user has written:\n%s',
          (p_call).id, (p_call).name, (p_call).status, p_text),
        case when (p_call).status = 'cancelled' or m.superseded_by is not null then 'done' else 'received' end,
        'background', m.superseded_by
      from messages m where m.id = (p_call).id
    on conflict do nothing
    returning * into v_note;
  if v_note.id is null or v_note.state = 'received' or v_note.superseded_by is not null then
    return null;
  end if;
  insert into forgettings (id, conversation_id, due_at)
    select v_note.id, c.id, clock_timestamp() + interval '10 seconds' from conversations c
      where c.id = v_note.conversation_id and c.history ->> 'kind' = 'none'
    on conflict do nothing;
  return user_message_event(v_note);
end $$;

-- Stores the ends of calls of one turn, each once: [{id, status, output, error, text, events, result}]. `result`
-- {writtenBy, totalChars, sizeBytes, isPlainText} says that the output has been stored in pieces. Answers {statuses:
-- {callId: the status that stands}, events, log}; the last two only when anything was appended. Of a
-- background call a note tells, whatever turn runs; one is ended by itself.
create function finish_calls(p_conversation text, p_turn text, p_ends json) returns json language plpgsql as $$
declare
  v_end json;
  v_id text;
  v_call tool_calls;
  v_note json;
  v_is_new boolean := false;
  v_events json[] := '{}';
  v_all json;
  v_statuses json;
begin
  perform 1 from conversations where id = p_conversation for update;
  for v_end in select * from json_array_elements(p_ends) loop
    v_id := v_end ->> 'id';
    update tool_calls
      set status = v_end ->> 'status', output = v_end -> 'output', error = v_end -> 'error', finished_at = now()
      where id = v_id and status is null
      returning * into v_call;
    continue when not found;
    v_is_new := true;
    if v_end -> 'result' is not null then
      update large_results
        set total_chars = (v_end -> 'result' ->> 'totalChars')::int,
          size_bytes = (v_end -> 'result' ->> 'sizeBytes')::int,
          plain_text = (v_end -> 'result' ->> 'isPlainText')::boolean
        where call_id = v_id and written_by = (v_end -> 'result' ->> 'writtenBy')::uuid;
      if not found then
        raise exception 'The pieces of the result of call % are not there.', v_id;
      end if;
    end if;
    -- What other tries have left behind; one that still writes finds nothing to write to.
    delete from large_results where call_id = v_id and total_chars is null;
    v_events := v_events || array(select json_array_elements(v_end -> 'events'));
    if v_call.background is not null then
      v_note := note_background_end(v_call, v_end ->> 'text');
      v_events := case when v_note is null then v_events else v_events || v_note end;
      continue;
    end if;
    insert into messages (id, conversation_id, role, text, call_id, state, turn_id)
      values (v_id, p_conversation, 'tool', v_end ->> 'text', v_id, 'done', p_turn);
  end loop;
  if v_is_new then
    v_all := array_to_json(v_events || settle_waiting(p_conversation, p_turn));
  end if;
  select coalesce(json_object_agg(id, status) filter (where status is not null), '{}') into v_statuses
    from tool_calls where id = any (array(select e ->> 'id' from json_array_elements(p_ends) as e));
  if v_all is null then
    return json_build_object('statuses', v_statuses);
  end if;
  return json_build_object('statuses', v_statuses, 'events', v_all,
    'log', append_events(p_conversation, v_all, case when v_call.background is null then p_turn end, false));
end $$;

-- Lets a call go on in the background, and answers it for the model with p_text. A repeat changes nothing. Answers
-- {outcome: running | ungranted | cancelling | full | done | missing, status, owner, permissions, permission, events,
-- log}; `full`: so many run already.
create function begin_background_call(
  p_conversation text, p_turn text, p_call text, p_background json, p_text text, p_limit int)
returns json language plpgsql as $$
declare
  v_ungranted json;
  v_conversation conversations;
  v_call tool_calls;
  v_events json;
begin
  select * into v_conversation from conversations where id = p_conversation for update;
  select * into v_call from tool_calls where id = p_call and conversation_id = p_conversation;
  if not found then
    return json_build_object('outcome', 'missing');
  end if;
  if v_call.status is not null then
    return json_build_object('outcome', 'done', 'status', v_call.status);
  end if;
  if v_call.background is not null then
    return json_build_object('outcome', 'running');
  end if;
  if v_conversation.state = 'cancelling' and v_conversation.turn_id = p_turn then
    return json_build_object('outcome', 'cancelling');
  end if;
  v_ungranted := answer_ungranted(v_conversation, v_call, true);
  if v_ungranted is not null then
    return v_ungranted;
  end if;
  if (select count(*) from tool_calls
      where conversation_id = p_conversation and background is not null and status is null) >= p_limit then
    return json_build_object('outcome', 'full');
  end if;
  update tool_calls set background = p_background where id = p_call;
  insert into messages (id, conversation_id, role, text, call_id, state, turn_id)
    values (p_call, p_conversation, 'tool', p_text, p_call, 'done', p_turn);
  v_events := array_to_json(settle_waiting(p_conversation, p_turn));
  return json_build_object('outcome', 'running', 'events', v_events,
    'log', append_events(p_conversation, v_events, p_turn, false));
end $$;

-- Takes the note of a background call that has ended to the queue, and holds a place for the turn that it may begin.
-- A repeat finds it there until its turn has begun. Answers {outcome: wake | crowded | told | missing, messageId,
-- position, owner, wallet, model, turns}.
create function wake_conversation(p_conversation text, p_call text, p_turn_limit int)
returns json language plpgsql as $$
declare
  v_conversation conversations;
  v_note messages;
begin
  select * into v_conversation from conversations where id = p_conversation for update;
  if not found then
    return json_build_object('outcome', 'missing');
  end if;
  -- Its call was replaced, with all that followed, while the note had no place to go to; it may be restored with it.
  update messages n set state = 'done', superseded_by = c.superseded_by from messages c
    where n.id = 'n_' || p_call and n.state = 'received' and c.id = p_call and c.superseded_by is not null;
  select * into v_note from messages where id = 'n_' || p_call and state in ('received', 'queued');
  if not found then
    return json_build_object('outcome', 'told');
  end if;
  if v_conversation.turn_id is null and not hold_turn(p_conversation, v_conversation.owner_id, p_turn_limit) then
    return json_build_object('outcome', 'crowded');
  end if;
  update messages set state = 'queued' where id = v_note.id;
  return json_build_object('outcome', 'wake', 'messageId', v_note.id, 'position', v_note.position,
    'owner', v_conversation.owner_id,
    'wallet', (select wallet from owners where id = v_conversation.owner_id),
    'model', v_conversation.model, 'turns', v_conversation.turns);
end $$;

-- Tells every worker to stop a background call. Answers stopping, over (it has ended, or is none) or missing.
create function stop_background_call(p_conversation text, p_owner text, p_call text) returns text
language plpgsql as $$
declare
  v_call tool_calls;
begin
  select t.* into v_call from tool_calls t join conversations c on c.id = t.conversation_id
    where t.id = p_call and c.id = p_conversation and c.owner_id = p_owner;
  if not found then
    return 'missing';
  end if;
  if v_call.background is null or v_call.status is not null then
    return 'over';
  end if;
  perform pg_notify('perdura_stops', json_build_object('c', p_conversation, 't', p_call)::text);
  return 'stopping';
end $$;

-- Ends a background call as stopped whose workflow is gone. Answers what finish_calls does.
create function end_lost_call(p_conversation text, p_call text, p_error json) returns json language sql as $$
  select finish_calls(p_conversation, null, json_build_array(json_build_object('id', p_call, 'status', 'cancelled',
    'error', p_error, 'text', json_build_object('error', p_error)::text, 'events', json_build_array(json_build_object(
      'k', p_call || ':completed', 't', null, 'y', 'tool.completed',
      'b', json_build_object('callId', p_call, 'status', 'cancelled', 'error', p_error))))))
$$;

-- As before; a turn is forgotten when its background calls have ended.
create or replace function forget_due(p_limit int) returns int language plpgsql as $$
declare
  v_due forgettings;
  v_messages text[];
  v_count int := 0;
begin
  perform set_config('synchronous_commit', 'off', true);
  -- With the conversations, as all writers do. One that is written to now has its turn later.
  for v_due in select f.* from forgettings f join conversations c on c.id = f.conversation_id
      where f.due_at <= clock_timestamp() and not exists (select 1 from tool_calls t
        where t.conversation_id = f.conversation_id and t.turn_id = f.id and t.background is not null
          and t.status is null)
      order by f.due_at limit p_limit for update skip locked loop
    v_messages := array(select id from messages where conversation_id = v_due.conversation_id
      and (turn_id = v_due.id or id = v_due.id) and role in ('user', 'note'));
    update messages set text = null where id = any (v_messages);
    delete from messages where conversation_id = v_due.conversation_id and turn_id = v_due.id
      and role in ('assistant', 'tool');
    delete from requests where conversation_id = v_due.conversation_id and turn_id = v_due.id;
    delete from tool_calls where conversation_id = v_due.conversation_id and turn_id = v_due.id;
    delete from rounds where conversation_id = v_due.conversation_id and turn_id = v_due.id
      and outcome ->> 'kind' <> 'finished';
    delete from events where conversation_id = v_due.conversation_id and turn_id = v_due.id
      and type not in ('turn.started', 'turn.waiting', 'turn.finished', 'round.started', 'round.finished',
        'conversation.updated', 'usage.recorded');
    update events set body = (body::jsonb - 'message')::json
      where conversation_id = v_due.conversation_id and key = v_due.id || ':finished';
    -- The key of a shown message stays: without it a repeat would show it again.
    update events set body = (body::jsonb || '{"text": ""}')::json
      where conversation_id = v_due.conversation_id and type in ('user.message', 'system.note')
        and body ->> 'messageId' = any (v_messages);
    delete from events where conversation_id = v_due.conversation_id
      and type in ('message.queued', 'message.updated') and body ->> 'messageId' = any (v_messages);
    delete from forgettings where id = v_due.id;
    v_count := v_count + 1;
  end loop;
  return v_count;
end $$;

-- As before; of the progress of a background call, only the latest is kept while it runs.
create or replace function sweep_conversation(
  p_conversation text, p_events int, p_event_days int, p_request_days int, p_batch int)
returns boolean language plpgsql as $$
declare
  v_conversation conversations;
  v_upto bigint := 0;
  v_begun bigint;
  v_count int;
  v_more boolean;
begin
  perform set_config('synchronous_commit', 'off', true);
  -- First, as all writers do. One that is written to now is swept on the next way.
  select * into v_conversation from conversations where id = p_conversation for update skip locked;
  if not found then
    return false;
  end if;
  select seq into v_begun from events
    where conversation_id = p_conversation and key = p_conversation || '.t' || v_conversation.turns || ':started';
  if p_events is not null and v_conversation.last_seq - v_conversation.log_floor > p_events then
    select seq into v_upto from events where conversation_id = p_conversation
      order by seq desc offset p_events limit 1;
  end if;
  if p_event_days is not null then
    v_upto := greatest(v_upto, (select seq from events
      where conversation_id = p_conversation and ts < now() - make_interval(days => p_event_days)
      order by seq desc limit 1));
  end if;
  v_upto := (select max(seq) from (select seq from events
    where conversation_id = p_conversation and seq <= v_upto and seq < v_begun order by seq limit p_batch) oldest);
  delete from events where conversation_id = p_conversation and seq <= v_upto;
  get diagnostics v_count = row_count;
  v_more := v_count >= p_batch;
  delete from events where conversation_id = p_conversation and seq = any (array(
    select seq from events where conversation_id = p_conversation
      and type in ('text.delta', 'reasoning.delta', 'tool.progress')
      and turn_number(turn_id) < v_conversation.turns limit p_batch));
  delete from events where conversation_id = p_conversation and seq = any (array(
    select e.seq from events e
      where e.conversation_id = p_conversation and e.type = 'tool.progress' and e.turn_id is null and (
        exists (select 1 from tool_calls t where t.id = e.body ->> 'callId' and t.status is not null)
        or exists (select 1 from events later
          where later.conversation_id = p_conversation and later.seq > e.seq and later.type = 'tool.progress'
            and later.turn_id is null and later.body ->> 'callId' = e.body ->> 'callId'))
      limit p_batch));
  delete from rounds where conversation_id = p_conversation and turn_number(turn_id) < v_conversation.turns - 1;
  delete from tool_steps s using tool_calls t
    where t.conversation_id = p_conversation and t.id = s.call_id and t.status is not null
      and turn_number(t.turn_id) < v_conversation.turns - 1;
  if p_request_days is not null then
    delete from requests where conversation_id = p_conversation and turn_number(turn_id) < v_conversation.turns
      and resolved_at < now() - make_interval(days => p_request_days);
  end if;
  if not v_more then
    insert into sweeps (conversation_id, seq, swept_at)
      values (p_conversation, v_conversation.last_seq, clock_timestamp())
      on conflict (conversation_id) do update set seq = excluded.seq, swept_at = excluded.swept_at;
  end if;
  update conversations set log_floor = v_upto where id = p_conversation and log_floor < v_upto;
  return v_more;
end $$;

-- What a copy is told of a background call whose result is not part of it.
create function left_behind_error() returns json language sql immutable as $$
  select json_build_object('code', 'left_behind', 'retryable', true, 'message',
    'This call went on in the background of the conversation that this one is a copy of. Its result is not part of this one.')
$$;

-- Whether the result of a background call has been told up to a place.
create function is_told(p_call text, p_upto bigint) returns boolean language sql stable as $$
  select exists (select 1 from messages where id = 'n_' || p_call and state = 'done' and position <= p_upto)
$$;

-- As before; a background call whose result is not copied does not run in the copy.
create or replace function fork_conversation(
  p_source text, p_owner text, p_message text, p_id text, p_key text, p_hash text, p_limit int)
returns json language plpgsql as $$
declare
  v_source conversations;
  v_last messages;
  v_passing text[];
  v_left text[];
  v_end bigint;
  v_upto bigint;
  v_made json;
  v_large text[];
begin
  -- Every writer takes the row first: nothing changes while it is copied.
  select * into v_source from conversations where id = p_source and owner_id = p_owner for share;
  if not found then
    return json_build_object('outcome', 'missing');
  end if;
  v_passing := array(
    select id from forgettings where conversation_id = p_source
    union all
    select v_source.turn_id where v_source.turn_id is not null
      and coalesce(v_source.turn_settings -> 'history' ->> 'kind', v_source.history ->> 'kind') = 'none');
  select * into v_last from messages where id = p_message and conversation_id = p_source and state = 'done';
  if not found or coalesce(v_last.turn_id, v_last.id) = any (v_passing) then
    return json_build_object('outcome', 'unknown');
  end if;
  v_end := branch_end(v_last);
  v_upto := v_last.position;
  if v_last.role in ('assistant', 'tool') then
    if v_last.turn_id = v_source.turn_id then
      return json_build_object('outcome', 'busy', 'turnId', v_source.turn_id);
    end if;
    select max(m.position) into v_upto from messages m
      where m.conversation_id = p_source and m.turn_id = v_last.turn_id and m.state = 'done'
        and is_in_branch(m, v_end);
  end if;
  v_made := create_conversation(p_id, p_owner, null::text, p_key, p_hash, left(v_source.title, 193) || ' (fork)',
    v_source.model, v_source.model_settings, v_source.fallback_models, v_source.instructions, v_source.tools, v_source.chain_id, v_source.busy_policy,
    v_source.permissions, v_source.history, v_source.memory, p_limit);
  if v_made ->> 'outcome' <> 'created' then
    return v_made;
  end if;
  perform begin_copy(p_id, v_source.turns, json_build_object('titledBy', v_source.titled_by, 'forkedFrom', json_build_object('conversationId', p_source, 'messageId', p_message)));
  -- A clearing that came later is none for a copy of what was before it.
  update conversations
    set cleared_position = case when v_source.cleared_position < v_upto then v_source.cleared_position else 0 end
    where id = p_id;
  v_left := array(select t.id from tool_calls t
    where t.conversation_id = p_source and t.background is not null
      and not (is_told(t.id, v_upto) and exists (select 1 from messages n
        where n.id = 'n_' || t.id and is_in_branch(n, v_end) and coalesce(n.turn_id, n.id) <> all (v_passing))));
  insert into messages (id, conversation_id, position, role, text, tool_calls, call_id, state, turn_id, via,
      parent_id, created_at, model)
    select copied_id(m.id, p_source, p_id), p_id, m.position, m.role,
        case when m.id = any (v_left) then json_build_object('error', left_behind_error())::text
          when m.role in ('tool', 'note') then copied_text(m.text, p_source, p_id) else m.text end,
        copied_calls(m.tool_calls, p_source, p_id), copied_id(m.call_id, p_source, p_id), m.state,
        copied_id(m.turn_id, p_source, p_id), m.via, copied_id(m.parent_id, p_source, p_id), m.created_at, m.model
      from messages m
      where m.conversation_id = p_source and m.position <= v_upto and m.state = 'done' and is_in_branch(m, v_end)
        and coalesce(m.turn_id, m.id) <> all (v_passing);
  insert into tool_calls (id, conversation_id, turn_id, provider_call_id, name, arguments, status, output, error,
      created_at, finished_at)
    select copied_id(t.id, p_source, p_id), p_id, copied_id(t.turn_id, p_source, p_id), t.provider_call_id, t.name,
        copied_text(t.arguments, p_source, p_id), case when t.id = any (v_left) then 'cancelled' else t.status end,
        case when t.id = any (v_left) then null else t.output end,
        case when t.id = any (v_left) then left_behind_error() else t.error end,
        t.created_at, coalesce(t.finished_at, now())
      from tool_calls t
      where t.conversation_id = p_source and (t.status is not null or t.background is not null) and exists (
        select 1 from messages m where m.id = copied_id(t.id, p_source, p_id));
  v_large := array(select t.id from tool_calls t join large_results r on r.call_id = t.id
    where t.conversation_id = p_source and t.status is not null and t.id <> all (v_left) and exists (
      select 1 from messages m where m.id = copied_id(t.id, p_source, p_id)));
  perform copy_results(v_large, array(select copied_id(id, p_source, p_id)
    from unnest(v_large) with ordinality as given (id, place) order by place));
  insert into compactions (id, conversation_id, upto_position, asked, summary, facts, facts_left_out, tokens_before,
      tokens_after, created_at)
    select copied_id(c.id, p_source, p_id), p_id, c.upto_position, c.asked, copied_text(c.summary, p_source, p_id),
        copied_text(c.facts::text, p_source, p_id)::json, c.facts_left_out, c.tokens_before, c.tokens_after,
        c.created_at
      from compactions c
      where c.conversation_id = p_source and c.upto_position <= v_upto
        and c.upto_position < coalesce((select min(m.position) from messages m
          where m.conversation_id = p_source and coalesce(m.turn_id, m.id) = any (v_passing)), 9007199254740991);
  return v_made;
end $$;

-- As before; its background calls are stopped as well.
create or replace function delete_conversation(p_id text, p_owner text) returns text language plpgsql as $$
declare
  v_turn text;
begin
  -- A writer that holds the row is waited for, so that what it has appended is seen below.
  select turn_id into v_turn from conversations where id = p_id and owner_id = p_owner for update;
  if not found then
    return case when exists (select 1 from deleted_conversations
      where id = p_id and owner_id = p_owner and not cleaned) then 'deleted' else 'missing' end;
  end if;
  if v_turn is not null then
    perform pg_notify('perdura_stops', json_build_object('c', p_id, 't', v_turn)::text);
  end if;
  perform pg_notify('perdura_stops', json_build_object('c', p_id, 't', id)::text) from tool_calls
    where conversation_id = p_id and background is not null and status is null;
  insert into deleted_conversations (id, owner_id) values (p_id, p_owner);
  perform lock_memory(p_id);
  -- Before the log goes: of a call that runs it is all that is known.
  perform settle_lost_calls(p_owner, array(select id from reservations
    where owner_id = p_owner and conversation_id = p_id));
  delete from events where conversation_id = p_id;
  delete from conversations where id = p_id;
  return 'deleted';
end $$;
