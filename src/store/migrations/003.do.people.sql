-- People in the loop: requests to a person, standing permissions, what happens to a message that comes during
-- a turn, and limits for each owner.

alter table conversations
  add column permissions text not null default 'allowReads'
    check (permissions in ('ask', 'allowReads', 'denyAll')),
  add column stalled boolean not null default false,
  -- Since when the running turn waits for a person and nothing else runs.
  add column waiting_since timestamptz,
  -- How long it has waited before: the time of a turn does not run meanwhile.
  add column turn_waited_ms bigint not null default 0;
alter table messages add column busy_policy text not null default 'queue';
-- What was decided about the call before it ran: {verdict, item, requestId, outcome, by}.
alter table tool_calls add column permission json;

create table requests (
  id text primary key,
  conversation_id text not null references conversations (id) on delete cascade,
  turn_id text not null,
  kind text not null check (kind in ('permission', 'question', 'wallet')),
  call_ids text[] not null,
  -- The card or the form.
  body json not null,
  -- In the order of the calls, also of those that were opened together.
  opened_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  -- Null while it is open.
  outcome text
    check (outcome in ('approved', 'rejected', 'answered', 'signed', 'expired', 'superseded', 'cancelled')),
  answer_id text,
  resolved_by text,
  resolved_at timestamptz
);
create index requests_by_conversation on requests (conversation_id);
create index requests_open on requests (conversation_id) where outcome is null;

-- Answers to open requests as people gave them. The workflow decides which one counts; the others go with it.
create table request_answers (
  id text primary key,
  request_id text not null references requests (id) on delete cascade,
  outcome text not null,
  -- {decisions: {callId: approve | reject}, grants: [...]} or {answers: {...}}.
  body json not null,
  given_by text not null,
  created_at timestamptz not null default now()
);
create index request_answers_by_request on request_answers (request_id);

create table grants (
  id text primary key,
  owner_id text not null references owners (id) on delete cascade,
  -- Null: in all conversations of the owner.
  conversation_id text references conversations (id) on delete cascade,
  tool text,
  effect text,
  chain_id bigint,
  contract text,
  domain text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  request_id text
);
create index grants_by_owner on grants (owner_id) where revoked_at is null;
create index grants_by_conversation on grants (conversation_id) where conversation_id is not null;

-- Turns that run, by owner. Not logged: a crash forgets them, which only makes the limit generous for a while.
create unlogged table open_turns (
  conversation_id text primary key references conversations (id) on delete cascade,
  owner_id text not null,
  -- Null once the turn has begun. A message holds a place for its turn no longer than this, because nothing says
  -- that a turn never came.
  held_until timestamptz
);
create index open_turns_by_owner on open_turns (owner_id);

-- Every request counts; a crash may forget the counters.
alter table rate_limits set unlogged;

-- Opens requests [{id, kind, callIds, body, expiresAtMs}] once each. Answers their events.
create function open_requests(p_conversation text, p_turn text, p_requests json)
returns json[] language plpgsql as $$
declare
  v_request json;
  v_ids text[];
  v_expires timestamptz;
  v_expires_at text;
  v_shown text;
  v_events json[] := '{}';
begin
  for v_request in select * from json_array_elements(p_requests) loop
    v_ids := array(select json_array_elements_text(v_request -> 'callIds'));
    v_expires := date_trunc('milliseconds', to_timestamp((v_request ->> 'expiresAtMs')::double precision / 1000));
    insert into requests (id, conversation_id, turn_id, kind, call_ids, body, expires_at)
      values (v_request ->> 'id', p_conversation, p_turn, v_request ->> 'kind', v_ids, v_request -> 'body', v_expires)
      on conflict do nothing;
    if found then
      v_expires_at := to_char(v_expires at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
      v_shown := case when v_request ->> 'kind' = 'question' then 'form' else 'card' end;
      v_events := v_events || json_build_object('k', (v_request ->> 'id') || ':opened', 't', p_turn,
        'y', 'request.opened', 'b', case when cardinality(v_ids) = 1
          then json_build_object('requestId', v_request ->> 'id', 'kind', v_request ->> 'kind',
            'callId', v_ids[1], v_shown, v_request -> 'body', 'expiresAt', v_expires_at)
          else json_build_object('requestId', v_request ->> 'id', 'kind', v_request ->> 'kind',
            v_shown, v_request -> 'body', 'expiresAt', v_expires_at) end);
    end if;
  end loop;
  return v_events;
end $$;

-- Brings the state in line with who is waited for: `waiting` when every open call of the running turn waits
-- for a person, `tools` when one of them runs. Answers the events that say so.
create function settle_waiting(p_conversation text, p_turn text)
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
    select 1 from tool_calls c where c.turn_id = p_turn and c.status is null and not exists (
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

-- Closes whatever a turn still asks for, because it ends. Answers the events.
create function cancel_requests(p_conversation text, p_turn text)
returns json[] language plpgsql as $$
declare
  v_id text;
  v_events json[] := '{}';
begin
  for v_id in update requests set outcome = 'cancelled', resolved_by = 'stop', resolved_at = now()
      where conversation_id = p_conversation and turn_id = p_turn and outcome is null returning id loop
    delete from request_answers where request_id = v_id;
    v_events := v_events || json_build_object('k', v_id || ':resolved', 't', p_turn, 'y', 'request.resolved',
      'b', json_build_object('requestId', v_id, 'outcome', 'cancelled', 'by', 'stop'));
  end loop;
  return v_events;
end $$;

-- Ends an open call that a person decided, with the text the model is given. Answers its event, or null when it
-- had ended before.
create function end_decided_call(p_conversation text, p_turn text, p_call text, p_status text, p_output json,
  p_error json, p_text text)
returns json language plpgsql as $$
begin
  update tool_calls set status = p_status, output = p_output, error = p_error, finished_at = now()
    where id = p_call and status is null;
  if not found then
    return null;
  end if;
  insert into messages (id, conversation_id, role, text, call_id, state, turn_id)
    values (p_call, p_conversation, 'tool', p_text, p_call, 'done', p_turn);
  return json_build_object('k', p_call || ':completed', 't', p_turn, 'y', 'tool.completed', 'b',
    case when p_error is null
      then json_build_object('callId', p_call, 'status', p_status, 'output', p_output)
      else json_build_object('callId', p_call, 'status', p_status, 'error', p_error) end);
end $$;

-- Writes what became of a request: the answer p_answer, or that nobody answered in time. Exactly once; later
-- callers learn what stands. p_errors: {rejected, declined, expired, unanswered}, errors for the calls that it
-- keeps from running. Answers {outcome: stored | done | missing, stands, answer, calls: {callId: run | status},
-- events, log}.
create function resolve_request(p_conversation text, p_request text, p_answer text, p_errors json)
returns json language plpgsql as $$
declare
  v_request requests;
  v_answer request_answers;
  v_outcome text := 'expired';
  v_by text := 'time';
  v_call text;
  v_error json;
  v_event json;
  v_grant json;
  v_index int := 0;
  v_ended json[] := '{}';
  v_events json;
begin
  perform 1 from conversations where id = p_conversation for update;
  select * into v_request from requests where id = p_request and conversation_id = p_conversation;
  if not found then
    return json_build_object('outcome', 'missing');
  end if;
  if v_request.outcome is not null then
    return json_build_object('outcome', 'done', 'stands', v_request.outcome, 'answer', v_request.answer_id,
      'calls', request_calls(v_request));
  end if;
  if p_answer is not null then
    select * into v_answer from request_answers where id = p_answer and request_id = p_request;
    if not found then
      return json_build_object('outcome', 'missing');
    end if;
    v_outcome := v_answer.outcome;
    v_by := v_answer.given_by;
  end if;
  update requests set outcome = v_outcome, answer_id = p_answer, resolved_by = v_by, resolved_at = now()
    where id = p_request returning * into v_request;
  delete from request_answers where request_id = p_request and id is distinct from p_answer;
  foreach v_call in array v_request.call_ids loop
    v_event := null;
    if v_request.kind = 'question' then
      if v_outcome = 'answered' then
        v_event := end_decided_call(p_conversation, v_request.turn_id, v_call, 'ok',
          json_build_object('answers', v_answer.body -> 'answers'), null,
          json_build_object('answers', v_answer.body -> 'answers')::text);
      else
        v_error := p_errors -> case when v_outcome = 'expired' then 'unanswered' else 'declined' end;
        v_event := end_decided_call(p_conversation, v_request.turn_id, v_call, 'denied', null, v_error,
          json_build_object('error', v_error)::text);
      end if;
    elsif coalesce(v_answer.body -> 'decisions' ->> v_call, 'reject') = 'approve' then
      update tool_calls set permission = (coalesce(permission, '{}')::jsonb
          || jsonb_build_object('requestId', p_request, 'outcome', 'approved', 'by', v_by))::json
        where id = v_call and status is null;
    else
      v_error := p_errors -> case when v_outcome = 'expired' then 'expired' else 'rejected' end;
      update tool_calls set permission = (coalesce(permission, '{}')::jsonb
          || jsonb_build_object('requestId', p_request, 'outcome',
            case when v_outcome = 'expired' then 'expired' else 'rejected' end, 'by', v_by))::json
        where id = v_call and status is null;
      v_event := end_decided_call(p_conversation, v_request.turn_id, v_call, 'denied', null, v_error,
        json_build_object('error', v_error)::text);
    end if;
    if v_event is not null then
      v_ended := v_ended || v_event;
    end if;
  end loop;
  for v_grant in select * from json_array_elements(coalesce(v_answer.body -> 'grants', '[]'::json)) loop
    insert into grants (id, owner_id, conversation_id, tool, effect, chain_id, contract, domain, expires_at, request_id)
      select p_answer || '.g' || v_index, owner_id, v_grant ->> 'conversationId', v_grant ->> 'tool',
          v_grant ->> 'effect', (v_grant ->> 'chainId')::bigint, v_grant ->> 'contract', v_grant ->> 'domain',
          now() + make_interval(secs => (v_grant ->> 'expiresInSeconds')::double precision), p_request
        from conversations where id = p_conversation
      on conflict do nothing;
    v_index := v_index + 1;
  end loop;
  v_events := array_to_json(json_build_object('k', p_request || ':resolved', 't', v_request.turn_id,
      'y', 'request.resolved', 'b', json_strip_nulls(json_build_object('requestId', p_request,
        'outcome', v_outcome, 'by', v_by,
        'decisions', case when cardinality(v_request.call_ids) > 1 then v_answer.body -> 'decisions' end)))
    || v_ended || settle_waiting(p_conversation, v_request.turn_id));
  return json_build_object('outcome', 'stored', 'stands', v_outcome, 'answer', p_answer,
    'calls', request_calls(v_request), 'events', v_events,
    'log', append_events(p_conversation, v_events, v_request.turn_id, false));
end $$;

-- What a request means for each of its calls: it runs, or it ended so.
create function request_calls(p_request requests) returns json language sql stable as $$
  select coalesce(json_object_agg(id, coalesce(status, 'run')), '{}'::json)
    from tool_calls where id = any ((p_request).call_ids)
$$;

-- Asks a person about one call that was allowed before. A repeat finds what was asked. Answers
-- {expiresAtMs, events, log}; expiresAtMs is null when the call is over.
create function ask_again(p_conversation text, p_turn text, p_call text, p_permission json, p_request json)
returns json language plpgsql as $$
declare
  v_events json;
begin
  perform 1 from conversations where id = p_conversation for update;
  update tool_calls set permission = p_permission
    where id = p_call and status is null and permission ->> 'outcome' is null;
  if not found then
    return json_build_object('events', '[]'::json);
  end if;
  v_events := array_to_json(open_requests(p_conversation, p_turn, json_build_array(p_request))
    || settle_waiting(p_conversation, p_turn));
  return json_build_object(
    'expiresAtMs', (select extract(epoch from expires_at) * 1000 from requests where id = p_request ->> 'id')::bigint,
    'events', v_events, 'log', append_events(p_conversation, v_events, p_turn, false));
end $$;

-- How many messages come before this one, as the workflow takes them: those that interrupt first.
create function queue_place(p_message messages) returns int language sql stable as $$
  select count(*)::int from messages
    where conversation_id = (p_message).conversation_id and state = 'queued'
      and (busy_policy <> 'interrupt', position)
        < ((p_message).busy_policy <> 'interrupt', (p_message).position)
$$;

-- Changes a message that has not begun. Answers {outcome: edited | started | missing, state, log}.
create function edit_message(p_conversation text, p_owner text, p_id text, p_text text)
returns json language plpgsql as $$
declare
  v_message messages;
begin
  perform 1 from conversations where id = p_conversation and owner_id = p_owner for update;
  if not found then
    return json_build_object('outcome', 'missing');
  end if;
  select * into v_message from messages
    where id = p_id and conversation_id = p_conversation and role = 'user';
  if not found or v_message.state = 'withdrawn' then
    return json_build_object('outcome', 'missing');
  end if;
  if v_message.state not in ('received', 'queued') then
    return json_build_object('outcome', 'started');
  end if;
  update messages set text = p_text where id = p_id;
  return json_build_object('outcome', 'edited', 'state', v_message.state, 'log',
    append_events(p_conversation, json_build_array(json_build_object('k', null, 't', null,
      'y', 'message.updated',
      'b', json_build_object('messageId', p_id, 'text', p_text, 'position', queue_place(v_message)))), null, false));
end $$;

-- Takes back a message that has not begun. Answers {outcome: withdrawn | started | missing, log}.
create function withdraw_message(p_conversation text, p_owner text, p_id text)
returns json language plpgsql as $$
declare
  v_message messages;
begin
  perform 1 from conversations where id = p_conversation and owner_id = p_owner for update;
  if not found then
    return json_build_object('outcome', 'missing');
  end if;
  select * into v_message from messages
    where id = p_id and conversation_id = p_conversation and role = 'user';
  if not found then
    return json_build_object('outcome', 'missing');
  end if;
  if v_message.state = 'withdrawn' then
    return json_build_object('outcome', 'withdrawn');
  end if;
  if v_message.state not in ('received', 'queued') then
    return json_build_object('outcome', 'started');
  end if;
  update messages set state = 'withdrawn' where id = p_id;
  delete from open_turns where conversation_id = p_conversation and held_until is not null
    and not exists (select 1 from messages
      where conversation_id = p_conversation and state in ('received', 'queued'));
  return json_build_object('outcome', 'withdrawn', 'log',
    append_events(p_conversation, json_build_array(json_build_object('k', 'withdrawn:' || p_id, 't', null,
      'y', 'message.withdrawn', 'b', json_build_object('messageId', p_id))), null, false));
end $$;

-- Holds a place among the turns of an owner for one that is about to begin. Answers false when all are taken.
create function hold_turn(p_conversation text, p_owner text, p_limit int)
returns boolean language plpgsql as $$
begin
  -- Of messages that come in the same moment, each must see the places of the others.
  perform pg_advisory_xact_lock(hashtextextended('turns:' || p_owner, 0));
  if (select count(*) from open_turns where owner_id = p_owner and conversation_id <> p_conversation
      and (held_until is null or held_until > clock_timestamp())) >= p_limit then
    return false;
  end if;
  insert into open_turns (conversation_id, owner_id, held_until)
    values (p_conversation, p_owner, clock_timestamp() + interval '1 minute')
    on conflict (conversation_id) do update set held_until = excluded.held_until
      where open_turns.held_until is not null;
  return true;
end $$;

-- As before, with the policy that holds for the message, and the owner's limit of turns at the same time: a message
-- that may begin one holds a place for it from here on. Answers
-- {outcome: accepted | repeated | conflict | full | busy | crowded | missing, state, position, busyPolicy, turnId,
-- turns, model, waiting}.
drop function accept_message(text, text, text, text, text, text, int, text);
create function accept_message(
  p_conversation text, p_owner text, p_id text, p_text text, p_client_id text, p_via text,
  p_queue_limit int, p_policy text, p_turn_limit int)
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
  insert into messages (id, conversation_id, role, text, state, client_message_id, via, busy_policy)
    values (p_id, p_conversation, 'user', p_text, 'received', p_client_id, p_via, v_policy)
    returning * into v_message;
  update conversations set updated_at = v_message.created_at where id = p_conversation;
  return json_build_object('outcome', 'accepted', 'state', 'received', 'position', v_message.position,
    'busyPolicy', v_policy, 'turnId', v_conversation.turn_id,
    'turns', v_conversation.turns, 'model', v_conversation.model, 'waiting', coalesce(v_waiting, '[]'::json));
end $$;

-- As before; a message that was withdrawn is not shown.
create or replace function announce_message(p_conversation text, p_id text)
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
  if v_message.state = 'withdrawn' then
    return json_build_object('state', 'withdrawn');
  end if;
  if v_message.state = 'received' then
    update messages set state = 'queued' where id = p_id;
  end if;
  v_position := queue_place(v_message);
  if v_message.state in ('received', 'queued') and (v_turn is not null or v_position > 0) then
    v_events := json_build_array(user_message_event(v_message), json_build_object(
      'k', 'queued:' || p_id, 't', null, 'y', 'message.queued',
      'b', json_build_object('messageId', p_id, 'text', v_message.text, 'position', v_position)));
    -- Waits for the disk: until its turn begins, days later perhaps, nothing else shows the message.
    return json_build_object('state', 'queued', 'events', v_events,
      'log', append_events(p_conversation, v_events, null, false));
  end if;
  v_events := json_build_array(user_message_event(v_message));
  return json_build_object('state', 'started', 'log', append_events(p_conversation, v_events, null, true));
end $$;

-- As before; its requests are closed as well.
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
  for v_call in select id from tool_calls where turn_id = p_turn and status is null order by length(id), id loop
    v_events := v_events || end_decided_call(p_conversation, p_turn, v_call, 'error', null, v_error,
      json_build_object('error', v_error)::text);
  end loop;
  delete from open_turns where conversation_id = p_conversation;
  return v_events || json_build_object('k', p_turn || ':finished', 't', p_turn, 'y', 'turn.finished', 'b',
    json_build_object('outcome', 'error', 'code', 'internal',
      'message', 'The turn was lost with its workflow. The next message works.'));
end $$;

-- As before; p_steered are messages that join the turn with this round. One of them that was withdrawn, or that
-- another turn has answered, is passed over.
drop function begin_round(text, text, int, text[], text, text);
create function begin_round(
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
      where id = any (p_messages || p_steered) and state in ('received', 'queued')
      order by position loop
    update messages set state = 'done', turn_id = p_turn, position = nextval('message_positions')
      where id = v_message.id;
    v_shown := v_shown || user_message_event(v_message);
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
      'model', v_conversation.model, 'instructions', v_conversation.instructions,
      'tools', v_conversation.tools, 'chainId', v_conversation.chain_id, 'history', v_conversation.history,
      'permissions', v_conversation.permissions);
  end if;
  -- The workflow also counts turns that came to nothing; one that starts anew must not repeat a number.
  update conversations
    set turn_id = p_turn, turn_round = p_round, state = v_state, turn_started_at = v_started,
        turn_waited_ms = v_waited, waiting_since = null, turn_settings = v_settings,
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
  v_joined := array(select id from messages where id = any (p_steered) and turn_id = p_turn order by position);
  v_shown := v_shown || json_build_object('k', v_round_key || ':started', 't', p_turn, 'y', 'round.started',
    'b', case when cardinality(v_joined) = 0 then json_build_object('round', p_round)
      else json_build_object('round', p_round, 'messageIds', v_joined) end);
  v_events := array_to_json(v_shown);
  v_log := append_events(p_conversation, v_events, null, false);
  return json_build_object('outcome', 'run', 'state', v_state,
    'settings', v_settings,
    'startedAtMs', (extract(epoch from v_started) * 1000)::bigint + v_waited,
    'firstSeq', (select seq from events
      where conversation_id = p_conversation and key = v_round_key || ':started'),
    'events', v_events, 'log', v_log);
end $$;

-- As before; p_requests are opened with the calls that they are about.
drop function finish_round(text, text, int, json, json, json, json, json, bigint, boolean);
create function finish_round(
  p_conversation text, p_turn text, p_round int, p_outcome json, p_message json, p_calls json,
  p_requests json, p_usage json, p_events json, p_floor bigint, p_ends boolean)
returns json language plpgsql as $$
declare
  v_turn text;
  v_stored json;
  v_call json;
  v_added json[] := '{}';
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
        (id, conversation_id, turn_id, provider_call_id, name, arguments, status, error, permission, finished_at)
      values (v_call ->> 'id', p_conversation, p_turn, v_call ->> 'providerCallId', v_call ->> 'name',
        v_call ->> 'arguments', v_call ->> 'status', v_call -> 'error', v_call -> 'permission',
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
  if p_ends then
    delete from open_turns where conversation_id = p_conversation;
  end if;
  if p_requests is not null then
    v_added := open_requests(p_conversation, p_turn, p_requests) || settle_waiting(p_conversation, p_turn);
  end if;
  if v_kept is not null or cardinality(v_added) > 0 then
    select json_agg(e) into v_events from (
      select v_kept as e where v_kept is not null
      union all select json_array_elements(p_events)
      union all select unnest(v_added)) as all_events;
  end if;
  return json_build_object('outcome', 'stored', 'changed', v_kept is not null or cardinality(v_added) > 0,
    'log', append_events(p_conversation, v_events, null, false));
end $$;

-- As before; `ungranted` means that nothing allows the call now: the grant that did is gone before its first try, or
-- it waits for a person, and an activity that had asked is repeated.
create or replace function begin_tool_try(p_call text, p_step int)
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
  if v_call.permission ->> 'outcome' is distinct from 'approved' and (
      v_call.permission -> 'verdict' ->> 'decision' = 'ask'
      or v_call.permission -> 'verdict' -> 'grantIds' is not null
        and v_call.tries_begun = 1 and coalesce(p_step, 0) = 0
        and not are_granted(array(
          select json_array_elements_text(v_call.permission -> 'verdict' -> 'grantIds')))) then
    update tool_calls set tries_begun = 0 where id = p_call;
    return json_build_object('outcome', 'ungranted', 'owner', v_conversation.owner_id,
      'permissions', coalesce(v_conversation.turn_settings ->> 'permissions', v_conversation.permissions),
      'permission', v_call.permission);
  end if;
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

-- Whether all these grants still hold.
create function are_granted(p_grants text[]) returns boolean language sql stable as $$
  select count(*) = cardinality(p_grants) from grants
    where id = any (p_grants) and revoked_at is null and expires_at > clock_timestamp()
$$;

-- As before; the end of a call may leave only calls that wait for a person.
create or replace function finish_call(
  p_conversation text, p_turn text, p_call text, p_status text, p_output json, p_error json, p_text text,
  p_events json)
returns json language plpgsql as $$
declare
  v_status text;
  v_settled json[];
  v_events json := p_events;
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
  v_settled := settle_waiting(p_conversation, p_turn);
  if cardinality(v_settled) > 0 then
    select json_agg(e) into v_events
      from (select json_array_elements(p_events) as e union all select unnest(v_settled)) as all_events;
  end if;
  return json_build_object('outcome', 'stored', 'status', p_status, 'changed', cardinality(v_settled) > 0,
    'log', append_events(p_conversation, v_events, p_turn, false));
end $$;

-- As before; its requests are closed as well.
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
  delete from open_turns where conversation_id = p_conversation;
  return json_build_object('outcome', 'stored', 'log', append_events(p_conversation, v_events, null, false));
end $$;

-- As before, with the owner's permission policy, and a limit of conversations that a guest may have (null: none).
-- Answers {outcome: created | found | conflict | full, id}.
drop function create_conversation(text, text, text, text, text, text, text, text, text[], bigint, text, json, boolean);
create function create_conversation(
  p_id text, p_owner text, p_external text, p_key text, p_hash text, p_title text, p_model text,
  p_instructions text, p_tools text[], p_chain bigint, p_policy text, p_permissions text, p_history json,
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
  insert into conversations (id, owner_id, external_id, title, model, instructions, tools, chain_id,
      busy_policy, permissions, history, memory)
    values (p_id, p_owner, p_external, p_title, p_model, p_instructions, p_tools, p_chain, p_policy,
      p_permissions, p_history, p_memory);
  if p_key is not null then
    insert into idempotency_keys (owner_id, key, request_hash, conversation_id)
      values (p_owner, p_key, p_hash, p_id);
  end if;
  return json_build_object('outcome', 'created', 'id', p_id);
end $$;
