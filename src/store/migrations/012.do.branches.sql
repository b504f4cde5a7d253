-- Conversations branch, are copied, written out and read in, and go for good.

-- Conversations whose rows are gone and whose workflow's runs are still to go: once at once, and once more later,
-- because the list of runs lags behind. Holds no content.
create table deleted_conversations (
  id text primary key,
  owner_id text not null,
  deleted_at timestamptz not null default now(),
  -- The runs that were there are gone.
  cleaned boolean not null default false
);

-- Where the branch of a message ends: at the place of the message that took its place. The present branch has no
-- end. Places rise for ever, so a place is a time.
create function branch_end(p_message messages) returns bigint language sql stable as $$
  select coalesce((select position from messages where id = (p_message).superseded_by), 9007199254740991)
$$;

-- Whether a message is part of the branch with this end: it was there, and nothing had taken its place yet.
create function is_in_branch(p_message messages, p_end bigint) returns boolean language sql stable as $$
  select (p_message).position < p_end
    and ((p_message).superseded_by is null or branch_end(p_message) >= p_end)
$$;

-- Replaces a user's message that has begun, and everything after it, by a new one, which waits for its turn as any
-- other. Facts that stand behind it go with it: compactions that reach past it, and the clearing of what is before.
-- A repeat changes nothing. Answers {outcome: accepted | repeated | conflict | unsuitable | busy | crowded |
-- missing | unknown, state, position, turnId, turns, model, events, log}.
create function regenerate_message(
  p_conversation text, p_owner text, p_message text, p_id text, p_text text, p_model text, p_client_id text,
  p_via text, p_turn_limit int)
returns json language plpgsql as $$
declare
  v_conversation conversations;
  v_replaced messages;
  v_message messages;
  v_ids text[];
  v_events json;
begin
  select * into v_conversation from conversations
    where id = p_conversation and owner_id = p_owner for update;
  if not found then
    return json_build_object('outcome', 'missing');
  end if;
  select * into v_replaced from messages where id = p_message and conversation_id = p_conversation;
  if not found then
    return json_build_object('outcome', 'unknown');
  end if;
  select * into v_message from messages where id = p_id;
  if found then
    -- Where a text is not kept any more, nothing is left to compare the other one with.
    return json_build_object(
      'outcome', case when v_replaced.superseded_by = p_id
        and coalesce(v_message.text = coalesce(p_text, v_replaced.text), true)
        and v_message.model is not distinct from coalesce(p_model, v_replaced.model)
        then 'repeated' else 'conflict' end,
      'state', v_message.state, 'position', v_message.position,
      'turns', v_conversation.turns, 'model', v_conversation.model);
  end if;
  -- One whose text was not kept can only be replaced by another text.
  if v_replaced.role <> 'user' or v_replaced.state <> 'done' or coalesce(p_text, v_replaced.text) is null then
    return json_build_object('outcome', 'unsuitable');
  end if;
  if v_conversation.turn_id is not null or exists (select 1 from messages
      where conversation_id = p_conversation
        and (state = 'queued' or state = 'received' and created_at > now() - interval '1 minute')) then
    return json_build_object('outcome', 'busy', 'turnId', v_conversation.turn_id);
  end if;
  if v_replaced.superseded_by is not null then
    return json_build_object('outcome', 'unsuitable');
  end if;
  if not hold_turn(p_conversation, p_owner, p_turn_limit) then
    return json_build_object('outcome', 'crowded');
  end if;
  with gone as (
    update messages set superseded_by = p_id
      where conversation_id = p_conversation and position >= v_replaced.position and superseded_by is null
        and state <> 'received'
      returning id, position
  )
  select array_agg(id order by position) into v_ids from gone;
  delete from compactions where conversation_id = p_conversation and upto_position >= v_replaced.position;
  -- Queued, and not only received: what it replaces is gone from now on, so it must come to a turn in any case.
  insert into messages (id, conversation_id, role, text, state, client_message_id, via, model, parent_id)
    values (p_id, p_conversation, 'user', coalesce(p_text, v_replaced.text), 'queued', p_client_id, p_via,
      coalesce(p_model, v_replaced.model),
      (select id from messages
        where conversation_id = p_conversation and position < v_replaced.position and state = 'done'
          and superseded_by is null
        order by position desc limit 1))
    returning * into v_message;
  update conversations
    set updated_at = v_message.created_at,
        cleared_position = case when cleared_position < v_replaced.position then cleared_position else 0 end
    where id = p_conversation;
  v_events := json_build_array(
    json_build_object('k', 'superseded:' || p_id, 't', null, 'y', 'messages.superseded',
      'b', json_build_object('messageIds', v_ids, 'by', p_id)),
    user_message_event(v_message));
  return json_build_object('outcome', 'accepted', 'state', 'queued', 'position', v_message.position,
    'turns', v_conversation.turns, 'model', v_conversation.model, 'events', v_events,
    'log', append_events(p_conversation, v_events, null, false));
end $$;

-- The id that something has in a copy. Ids of turns, answers and calls begin with the conversation's.
create function copied_id(p_id text, p_from text, p_to text) returns text language sql immutable as $$
  select case when starts_with(p_id, p_from || '.') then p_to || substr(p_id, length(p_from) + 1)
    else 'm_' || md5(p_to || ':' || p_id) end
$$;

-- A text in which calls are named, for a copy.
create function copied_text(p_text text, p_from text, p_to text) returns text language sql immutable as $$
  select replace(p_text, p_from || '.t', p_to || '.t')
$$;

-- The tool calls of an assistant's message, for a copy.
create function copied_calls(p_calls json, p_from text, p_to text) returns json language sql immutable as $$
  select case when p_calls is null then null else coalesce((
    select json_agg((c::jsonb || jsonb_build_object('callId', copied_id(c ->> 'callId', p_from, p_to),
        'arguments', copied_text(c ->> 'arguments', p_from, p_to)))::json order by place)
      from json_array_elements(p_calls) with ordinality as given (c, place)), '[]'::json) end
$$;

-- What a conversation that did not begin empty starts from: its log has nothing, so readers get a snapshot.
create function begin_copy(p_id text, p_turns int, p_settings json)
returns void language sql as $$
  update conversations
    set turns = p_turns, last_seq = 1, log_floor = 1, titled_by = p_settings ->> 'titledBy',
        forked_from = p_settings -> 'forkedFrom'
    where id = p_id
$$;

-- Copies a conversation up to a message into a new one, which shares nothing with it. An answer or a result is copied
-- with the rest of its turn, because a call and its result are never parted; of a turn that runs, only what a user
-- has written. Of turns that are to be forgotten nothing is copied: in the copy it would stay. Places stay what they
-- are, so facts about places hold. Answers {outcome: created | found | conflict | full | missing | unknown | busy,
-- id, turnId}.
create function fork_conversation(
  p_source text, p_owner text, p_message text, p_id text, p_key text, p_hash text, p_limit int)
returns json language plpgsql as $$
declare
  v_source conversations;
  v_last messages;
  v_passing text[];
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
  insert into messages (id, conversation_id, position, role, text, tool_calls, call_id, state, turn_id, via,
      parent_id, created_at, model)
    select copied_id(m.id, p_source, p_id), p_id, m.position, m.role,
        case when m.role = 'tool' then copied_text(m.text, p_source, p_id) else m.text end,
        copied_calls(m.tool_calls, p_source, p_id), copied_id(m.call_id, p_source, p_id), m.state,
        copied_id(m.turn_id, p_source, p_id), m.via, copied_id(m.parent_id, p_source, p_id), m.created_at, m.model
      from messages m
      where m.conversation_id = p_source and m.position <= v_upto and m.state = 'done' and is_in_branch(m, v_end)
        and coalesce(m.turn_id, m.id) <> all (v_passing);
  insert into tool_calls (id, conversation_id, turn_id, provider_call_id, name, arguments, status, output, error,
      created_at, finished_at)
    select copied_id(t.id, p_source, p_id), p_id, copied_id(t.turn_id, p_source, p_id), t.provider_call_id, t.name,
        copied_text(t.arguments, p_source, p_id), t.status, t.output, t.error, t.created_at, t.finished_at
      from tool_calls t
      where t.conversation_id = p_source and t.status is not null and exists (
        select 1 from messages m where m.id = copied_id(t.id, p_source, p_id));
  v_large := array(select t.id from tool_calls t join large_results r on r.call_id = t.id
    where t.conversation_id = p_source and t.status is not null and exists (
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

-- Makes a conversation of an exported one. p_from is the id that it had; p_messages come in order, p_calls are the
-- calls that have an end, p_compactions name the last message that they cover, as p_cleared does.
-- Answers {outcome: created | found | conflict | full, id}.
create function import_conversation(
  p_id text, p_owner text, p_key text, p_hash text, p_limit int, p_from text, p_turns int, p_settings json,
  p_messages json, p_calls json, p_compactions json, p_cleared text)
returns json language plpgsql as $$
declare
  v_made json;
begin
  v_made := create_conversation(p_id, p_owner, null::text, p_key, p_hash, p_settings ->> 'title',
    p_settings ->> 'model', coalesce(p_settings -> 'modelSettings', '{}'),
    case when json_typeof(p_settings -> 'fallbackModels') = 'array'
      then array(select json_array_elements_text(p_settings -> 'fallbackModels')) end,
    p_settings ->> 'instructions',
    case when p_settings -> 'tools' is not null
      then array(select json_array_elements_text(p_settings -> 'tools')) end,
    (p_settings ->> 'chainId')::bigint, p_settings ->> 'busyPolicy', p_settings ->> 'permissions',
    p_settings -> 'history', (p_settings ->> 'memory')::boolean, p_limit);
  if v_made ->> 'outcome' <> 'created' then
    return v_made;
  end if;
  perform begin_copy(p_id, p_turns, p_settings);
  insert into messages (id, conversation_id, position, role, text, tool_calls, call_id, state, turn_id, via,
      parent_id, created_at, model, superseded_by)
    select copied_id(m ->> 'id', p_from, p_id), p_id, nextval('message_positions'), m ->> 'role',
        case when m ->> 'role' = 'tool' then copied_text(m ->> 'text', p_from, p_id) else m ->> 'text' end,
        copied_calls(m -> 'toolCalls', p_from, p_id), copied_id(m ->> 'callId', p_from, p_id), m ->> 'state',
        copied_id(m ->> 'turnId', p_from, p_id), 'import', copied_id(m ->> 'parentId', p_from, p_id),
        (m ->> 'createdAt')::timestamptz, m ->> 'model', copied_id(m ->> 'supersededBy', p_from, p_id)
      from (select m from json_array_elements(p_messages) with ordinality as given (m, place) order by place) as ordered;
  insert into tool_calls (id, conversation_id, turn_id, provider_call_id, name, arguments, status, output, error,
      created_at, finished_at)
    select copied_id(c ->> 'callId', p_from, p_id), p_id, copied_id(c ->> 'turnId', p_from, p_id),
        c ->> 'providerCallId', c ->> 'name', copied_text(c ->> 'arguments', p_from, p_id), c ->> 'status',
        c -> 'output', c -> 'error', (c ->> 'createdAt')::timestamptz, (c ->> 'createdAt')::timestamptz
      from json_array_elements(p_calls) as given (c);
  insert into compactions (id, conversation_id, upto_position, asked, summary, facts, facts_left_out, tokens_before,
      tokens_after, created_at)
    select copied_id(c ->> 'id', p_from, p_id), p_id,
        (select position from messages where id = copied_id(c ->> 'uptoMessageId', p_from, p_id)),
        (c ->> 'asked')::boolean, copied_text(c ->> 'summary', p_from, p_id),
        copied_text((c -> 'facts')::text, p_from, p_id)::json, (c ->> 'factsLeftOut')::int,
        (c ->> 'tokensBefore')::int, (c ->> 'tokensAfter')::int, (c ->> 'createdAt')::timestamptz
      from json_array_elements(p_compactions) as given (c);
  update conversations
    set cleared_position = (select position from messages where id = copied_id(p_cleared, p_from, p_id))
    where id = p_id and p_cleared is not null;
  return v_made;
end $$;

-- Removes a conversation with all of its content, and remembers that its workflow must go too. Answers whether it
-- is so now: deleted (also when the workflow of one deleted before is still there), or missing.
create function delete_conversation(p_id text, p_owner text) returns text language plpgsql as $$
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
  insert into deleted_conversations (id, owner_id) values (p_id, p_owner);
  -- Before the log goes: of a call that runs it is all that is known.
  perform settle_lost_calls(p_owner, array(select id from reservations
    where owner_id = p_owner and conversation_id = p_id));
  delete from events where conversation_id = p_id;
  delete from conversations where id = p_id;
  return 'deleted';
end $$;
