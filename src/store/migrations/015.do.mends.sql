-- What is to be forgotten reaches no model any more, an edit can be taken back whole, and who deletes or forgets
-- several conversations at once takes its locks in one order.

create index forgettings_by_conversation on forgettings (conversation_id);

-- The turns of a conversation whose content goes: those that have ended, and the running one when it keeps nothing.
create function passing_turns(p_conversation text) returns setof text language sql stable as $$
  select id from forgettings where conversation_id = p_conversation
  union all
  select turn_id from conversations
    where id = p_conversation and turn_id is not null and turn_settings -> 'history' ->> 'kind' = 'none'
$$;

-- As before, without the turns that are to be forgotten.
create or replace function history_bounds(
  p_conversation text, p_turn text, p_messages text[], p_kind text, p_window int, p_bytes bigint,
  out first bigint, out complete boolean, out compaction json)
language plpgsql stable as $$
declare
  v_start bigint;
  v_lowest bigint;
  v_upto bigint;
  v_users int := 0;
  v_bytes bigint := 0;
  v_passing text[];
  v_message record;
begin
  complete := true;
  select min(position) into v_start from messages where id = any (p_messages) and conversation_id = p_conversation;
  if v_start is null then
    -- A turn that no message has started; only here all messages are looked at.
    select min(position) into v_start from messages where conversation_id = p_conversation and turn_id = p_turn;
  end if;
  v_start := coalesce(v_start, 9223372036854775807);
  first := v_start;
  if p_kind = 'none' then
    return;
  end if;
  select cleared_position into v_lowest from conversations where id = p_conversation;
  -- What somebody had summed up stays so, whatever the strategy.
  select c.upto_position, json_build_object('summary', c.summary, 'facts', c.facts, 'leftOut', c.facts_left_out)
    into v_upto, compaction
    from compactions c
    where c.conversation_id = p_conversation and c.upto_position > v_lowest and (c.asked or p_kind = 'summary')
    order by c.upto_position desc limit 1;
  v_lowest := greatest(v_lowest, v_upto);
  if p_kind = 'slidingWindow' then
    select count(*) into v_users from messages
      where conversation_id = p_conversation and position >= v_start and role = 'user' and state = 'done'
        and text is not null and superseded_by is null;
    if v_users >= p_window then
      return;
    end if;
  end if;
  -- Not in the query, which then would be planned as if all of its rows were wanted.
  v_passing := array(select id from forgettings where conversation_id = p_conversation);
  for v_message in
    select position, role, turn_id, coalesce(octet_length(text), 0) + coalesce(octet_length(tool_calls::text), 0) as bytes
      from messages
      where conversation_id = p_conversation and position > v_lowest and position < v_start and state = 'done'
        and superseded_by is null and (text is not null or role in ('assistant', 'tool'))
      order by position desc
  loop
    continue when v_message.turn_id = any (v_passing);
    v_bytes := v_bytes + v_message.bytes;
    if v_bytes > p_bytes then
      complete := false;
      return;
    end if;
    if v_message.role = 'user' then
      first := v_message.position;
      v_users := v_users + 1;
      if p_kind = 'slidingWindow' and v_users >= p_window then
        return;
      end if;
    end if;
  end loop;
  first := least(v_start, v_lowest + 1);
end $$;

-- As before; what is to be forgotten is not found.
create or replace function search_memory(p_owner text, p_conversation text, p_query text, p_limit int)
returns json language plpgsql stable set plan_cache_mode = force_custom_plan set enable_seqscan = off as $$
declare
  v_search tsquery := nullif(replace(plainto_tsquery('simple', p_query)::text, ' & ', ' | '), '')::tsquery;
  v_among text[] := array(
    select id from conversations where owner_id = p_owner and memory and id <> p_conversation);
begin
  return (
    with found as materialized (
      select * from find_messages(v_search, v_among)
    ), hits as materialized (
      select m.id, f.conversation_id, c.title, m.role, m.created_at, m.text
        from found f join conversations c on c.id = f.conversation_id join messages m on m.id = f.id
        where c.owner_id = p_owner and c.id <> p_conversation and c.memory and c.history ->> 'kind' <> 'none'
          and not exists (select 1 from memory_entries e where e.conversation_id = c.id and e.text is null)
          and not exists (select 1 from passing_turns(c.id) as passing (id) where passing.id = m.turn_id)
          and exists (select 1 from conversations asking
            where asking.id = p_conversation and asking.owner_id = p_owner and asking.memory)
        order by f.place desc limit 200
    ), best as (
      select *, ts_rank(to_tsvector('simple', left(text, 10000)), v_search) as rank
        from hits order by rank desc, created_at desc limit p_limit
    )
    select coalesce(json_agg(json_build_object('conversationId', conversation_id, 'title', title, 'role', role,
        'at', created_at, 'text', to_snippet(text, p_query, 400)) order by rank desc, created_at desc), '[]'::json)
      from best);
end $$;

-- Of a message that takes the place of others: of which one, and until its turn begins what went with them:
-- {messageId, clearedPosition, compactions}.
alter table messages add column replaced json;

-- Once it has begun it cannot be taken back any more.
create function settle_edit() returns trigger language plpgsql as $$
begin
  new.replaced := json_build_object('messageId', old.replaced -> 'messageId');
  return new;
end $$;
create trigger edit_settled before update of state on messages for each row
  when (old.replaced is not null and new.state not in ('received', 'queued'))
  execute function settle_edit();

-- As before; one whose text is not kept, or is to be forgotten, can only be replaced by another text. What goes with
-- the replaced messages is kept with the new one, for the case that it is taken back.
create or replace function regenerate_message(
  p_conversation text, p_owner text, p_message text, p_id text, p_text text, p_model text, p_client_id text,
  p_via text, p_turn_limit int)
returns json language plpgsql as $$
declare
  v_conversation conversations;
  v_replaced messages;
  v_message messages;
  v_ids text[];
  v_gone json;
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
      'outcome', case when coalesce(v_message.replaced ->> 'messageId' = p_message, v_replaced.superseded_by = p_id)
        and coalesce(v_message.text = coalesce(p_text, v_replaced.text), true)
        and v_message.model is not distinct from coalesce(p_model, v_replaced.model)
        then 'repeated' else 'conflict' end,
      'state', v_message.state, 'position', v_message.position,
      'turns', v_conversation.turns, 'model', v_conversation.model);
  end if;
  if v_replaced.role <> 'user' or v_replaced.state <> 'done' then
    return json_build_object('outcome', 'unsuitable');
  end if;
  -- A copy of what is to be forgotten would stay.
  if p_text is null and (v_replaced.text is null
      or exists (select 1 from forgettings where id = v_replaced.turn_id)) then
    return json_build_object('outcome', 'unsuitable', 'reason', 'forgotten');
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
  with gone as (
    delete from compactions where conversation_id = p_conversation and upto_position >= v_replaced.position
      returning *
  )
  select json_build_object('messageId', p_message, 'clearedPosition', v_conversation.cleared_position,
      'compactions', coalesce(json_agg(gone), '[]'::json)) into v_gone
    from gone;
  -- Queued, and not only received: what it replaces is gone from now on, so it must come to a turn in any case.
  insert into messages (id, conversation_id, role, text, state, client_message_id, via, model, replaced, parent_id)
    values (p_id, p_conversation, 'user', coalesce(p_text, v_replaced.text), 'queued', p_client_id, p_via,
      coalesce(p_model, v_replaced.model), v_gone,
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

-- Locks what is remembered of a conversation, and what it is told and others are told of it: all writers take these
-- rows in one order, so that of two conversations that know of each other one waits. With its entry locked, nobody
-- else is told of it meanwhile. The conversation's row is locked already.
create function lock_memory(p_conversation text) returns void language plpgsql as $$
begin
  perform 1 from memory_entries where conversation_id = p_conversation for update;
  perform 1 from told_memories where conversation_id = p_conversation or about = p_conversation
    order by conversation_id, about for update;
end $$;

-- As before, with the locks in order.
create or replace function leave_memory() returns trigger language plpgsql as $$
begin
  perform lock_memory(new.id);
  delete from memory_entries where conversation_id = new.id;
  delete from told_memories where conversation_id = new.id;
  update conversations set memory_told = false where id = new.id and memory_told;
  delete from chores where conversation_id = new.id and (kind = 'memory' or new.history ->> 'kind' = 'none');
  return null;
end $$;

-- As before, with the locks in order.
create or replace function edit_memory(p_owner text, p_conversation text, p_text text) returns boolean language plpgsql as $$
begin
  perform 1 from conversations
    where id = p_conversation and owner_id = p_owner and memory and history ->> 'kind' <> 'none' for update;
  if not found then
    return false;
  end if;
  perform lock_memory(p_conversation);
  insert into memory_entries (conversation_id, owner_id, text, edited)
    values (p_conversation, p_owner, p_text, true)
    on conflict (conversation_id) do update set text = excluded.text, edited = true, updated_at = now();
  update told_memories set text = p_text where about = p_conversation;
  return true;
end $$;

-- As before, with the locks in order.
create or replace function delete_memory(p_owner text, p_conversation text) returns boolean language plpgsql as $$
begin
  perform 1 from conversations
    where id = p_conversation and owner_id = p_owner and memory and history ->> 'kind' <> 'none' for update;
  if not found then
    return false;
  end if;
  perform lock_memory(p_conversation);
  insert into memory_entries (conversation_id, owner_id) values (p_conversation, p_owner)
    on conflict (conversation_id) do update set text = null, edited = false, updated_at = now();
  delete from told_memories where about = p_conversation;
  return true;
end $$;

-- As before, with the locks in order.
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
  insert into deleted_conversations (id, owner_id) values (p_id, p_owner);
  perform lock_memory(p_id);
  -- Before the log goes: of a call that runs it is all that is known.
  perform settle_lost_calls(p_owner, array(select id from reservations
    where owner_id = p_owner and conversation_id = p_id));
  delete from events where conversation_id = p_id;
  delete from conversations where id = p_id;
  return 'deleted';
end $$;

-- Brings back what a message has taken the place of, with what the model was given in its stead. Answers the event
-- that says so.
create function restore_replaced(p_message messages) returns json language plpgsql as $$
declare
  v_ids text[];
begin
  with restored as (
    update messages set superseded_by = null
      where conversation_id = p_message.conversation_id and superseded_by = p_message.id
      returning id, position
  )
  select array_agg(id order by position) into v_ids from restored;
  insert into compactions
    select * from json_populate_recordset(null::compactions, p_message.replaced -> 'compactions') on conflict do nothing;
  update conversations
    set cleared_position = greatest(cleared_position, (p_message.replaced ->> 'clearedPosition')::bigint)
    where id = p_message.conversation_id;
  return json_build_object('k', 'restored:' || p_message.id, 't', null, 'y', 'messages.restored',
    'b', json_build_object('messageIds', v_ids, 'by', p_message.id));
end $$;

-- As before; what a message had taken the place of is part of the conversation again, unless another one has been
-- answered since: `overtaken`.
create or replace function withdraw_message(p_conversation text, p_owner text, p_id text)
returns json language plpgsql as $$
declare
  v_message messages;
  v_restored json;
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
  if exists (select 1 from messages where superseded_by = p_id and conversation_id = p_conversation) then
    -- What was answered meanwhile was answered without what would come back before it.
    if exists (select 1 from messages where conversation_id = p_conversation and position > v_message.position
        and state = 'done' and superseded_by is null) then
      return json_build_object('outcome', 'started', 'overtaken', true);
    end if;
    v_restored := restore_replaced(v_message);
  end if;
  update messages set state = 'withdrawn' where id = p_id;
  delete from open_turns where conversation_id = p_conversation and held_until is not null
    and not exists (select 1 from messages
      where conversation_id = p_conversation and state in ('received', 'queued'));
  return json_build_object('outcome', 'withdrawn', 'log',
    append_events(p_conversation, (select json_agg(e) from (
      select json_build_object('k', 'withdrawn:' || p_id, 't', null, 'y', 'message.withdrawn',
        'b', json_build_object('messageId', p_id)) as e
      union all select v_restored where v_restored is not null) as both_events), null, false));
end $$;

-- An owner's sums stand in several rows, one for some of the owner's conversations each: a commit that waits for the
-- disk holds the row that it has changed, and the rounds of the others would wait with it.
create function spending_shard(p_conversation text) returns int language sql immutable as $$
  select hashtext(p_conversation) & 31
$$;
alter table owner_spending
  add column shard int not null default 0,
  drop constraint owner_spending_pkey,
  add primary key (owner_id, shard);
alter table daily_spending
  add column shard int not null default 0,
  drop constraint daily_spending_pkey,
  add primary key (owner_id, day, model, kind, shard);
insert into owner_spending (owner_id, shard)
  select distinct owner_id, spending_shard(conversation_id) from reservations on conflict do nothing;

-- As before, in the rows of the conversation.
create or replace function add_to_spending(p_entry ledger, p_sign int) returns void language plpgsql as $$
begin
  update owner_spending
    set tokens = tokens + p_sign * (p_entry.input_tokens::bigint + p_entry.output_tokens),
        cost = cost + p_sign * coalesce(p_entry.cost, 0)
    where owner_id = p_entry.owner_id and shard = spending_shard(p_entry.conversation_id);
  insert into daily_spending as d (owner_id, day, model, kind, shard, calls, input_tokens, output_tokens, cached_tokens,
      cost, estimated_calls)
    values (p_entry.owner_id, (p_entry.created_at at time zone 'utc')::date, p_entry.model, p_entry.kind,
      spending_shard(p_entry.conversation_id), p_sign,
      p_sign * p_entry.input_tokens::bigint, p_sign * p_entry.output_tokens::bigint,
      p_sign * coalesce(p_entry.cached_tokens, 0)::bigint, p_sign * coalesce(p_entry.cost, 0),
      p_sign * p_entry.estimated::int)
    on conflict (owner_id, day, model, kind, shard) do update set
      calls = d.calls + excluded.calls,
      input_tokens = d.input_tokens + excluded.input_tokens,
      output_tokens = d.output_tokens + excluded.output_tokens,
      cached_tokens = d.cached_tokens + excluded.cached_tokens,
      cost = d.cost + excluded.cost,
      estimated_calls = d.estimated_calls + excluded.estimated_calls;
end $$;

-- Locks the sums that calls of a conversation change, so that of two that settle the same call one sees the other.
create function lock_spending(p_owner text, p_conversation text) returns void language plpgsql as $$
declare
  v_shard int := spending_shard(p_conversation);
begin
  perform 1 from owner_spending where owner_id = p_owner and shard = v_shard for update;
  if not found then
    insert into owner_spending (owner_id, shard) values (p_owner, v_shard) on conflict do nothing;
    perform 1 from owner_spending where owner_id = p_owner and shard = v_shard for update;
  end if;
end $$;

-- Locks all sums of an owner, in order: for calls of any conversation. Each that is reserved has its row.
create or replace function lock_spending(p_owner text) returns void language plpgsql as $$
begin
  insert into owner_spending (owner_id, shard) values (p_owner, 0) on conflict do nothing;
  perform 1 from owner_spending where owner_id = p_owner order by shard for update;
end $$;

-- As before, with the lock on the sums of its conversation alone.
create or replace function settle_entry(p_call json) returns void language plpgsql as $$
declare
  v_at timestamptz;
begin
  perform lock_spending(p_call ->> 'owner', p_call ->> 'conversation');
  delete from reservations where id = p_call ->> 'id' returning created_at into v_at;
  perform book_call(row(p_call ->> 'id', p_call ->> 'owner', p_call ->> 'conversation', p_call ->> 'turn',
    p_call ->> 'kind', p_call ->> 'model', (p_call ->> 'inputTokens')::int, (p_call ->> 'outputTokens')::int,
    (p_call ->> 'cachedTokens')::int, (p_call ->> 'cost')::bigint, (p_call ->> 'estimated')::boolean,
    coalesce(v_at, clock_timestamp()))::ledger);
end $$;

-- As before; whoever reserves under a limit waits for others who do, and not for calls that are settled.
create or replace function find_room(p_call json, p_limits json) returns json language plpgsql as $$
declare
  v_owner text := p_call ->> 'owner';
  v_turn text := p_call ->> 'turn';
  v_day date;
  v_input int := (p_call ->> 'inputTokens')::int;
  v_input_cost bigint := v_input * coalesce((p_call ->> 'inputPrice')::bigint, 0);
  v_price bigint := nullif((p_call ->> 'outputPrice')::bigint, 0);
begin
  perform pg_advisory_xact_lock(hashtextextended('spending:' || v_owner, 0));
  v_day := (clock_timestamp() at time zone 'utc')::date;
  -- One statement: a call that is settled meanwhile is either reserved or spent, never neither.
  return (
    with spent as (
      select coalesce(sum(tokens), 0)::bigint as tokens, coalesce(sum(cost), 0)::bigint as cost
        from owner_spending where owner_id = v_owner
    ), spent_today as (
      select coalesce(sum(input_tokens + output_tokens), 0)::bigint as tokens, coalesce(sum(cost), 0)::bigint as cost
        from daily_spending where owner_id = v_owner and day = v_day
    ), spent_in_turn as (
      select coalesce(sum(input_tokens + output_tokens), 0)::bigint as tokens, coalesce(sum(cost), 0)::bigint as cost
        from ledger where conversation_id = p_call ->> 'conversation' and turn_id = v_turn
    ), open as (
      select coalesce(sum(tokens), 0)::bigint as tokens, coalesce(sum(cost), 0)::bigint as cost,
          coalesce(sum(tokens) filter (where turn_id = v_turn), 0)::bigint as turn_tokens,
          coalesce(sum(cost) filter (where turn_id = v_turn), 0)::bigint as turn_cost,
          coalesce(sum(tokens) filter (where day = v_day), 0)::bigint as day_tokens,
          coalesce(sum(cost) filter (where day = v_day), 0)::bigint as day_cost
        from open_calls(v_owner)
    ), limits as (
      select l.* from spent, spent_today, spent_in_turn, open, lateral (values
        ('turn_budget', 'tokens', case when v_turn is not null then (p_limits ->> 'turnTokens')::bigint end,
          spent_in_turn.tokens + open.turn_tokens),
        ('turn_budget', 'usd', case when v_turn is not null then (p_limits ->> 'turnCost')::bigint end,
          spent_in_turn.cost + open.turn_cost),
        ('day_budget', 'tokens', (p_limits ->> 'dayTokens')::bigint, spent_today.tokens + open.day_tokens),
        ('day_budget', 'usd', (p_limits ->> 'dayCost')::bigint, spent_today.cost + open.day_cost),
        ('owner_budget', 'tokens', (p_limits ->> 'ownerTokens')::bigint, spent.tokens + open.tokens),
        ('owner_budget', 'usd', (p_limits ->> 'ownerCost')::bigint, spent.cost + open.cost)
      ) as l (code, unit, limit_, used)
    ), rooms as (
      select *, greatest(limit_ - used, 0) as left_, case
          when unit = 'tokens' then limit_ - used - v_input
          when limit_ - used < v_input_cost then -1
          else div(limit_ - used - v_input_cost, v_price) end as room
        from limits where limit_ is not null
    )
    select json_build_object('room', room, 'code', code, 'unit', unit,
        'left', case unit when 'usd' then to_usd(left_) else left_::text end,
        'limit', case unit when 'usd' then to_usd(limit_) else limit_::text end)
      from rooms where room is not null order by room limit 1);
end $$;

-- As before; the call finds a row of the owner's sums when it is settled.
create or replace function reserve_call(p_call json, p_limits json) returns json language plpgsql as $$
declare
  v_conversation text := p_call ->> 'conversation';
  v_owner text := p_call ->> 'owner';
  v_turn text := p_call ->> 'turn';
  v_kind text := p_call ->> 'kind';
  v_wanted int := (p_call ->> 'outputTokens')::int;
  v_running text;
  v_lost json[];
  v_log json;
  v_answer json;
begin
  select turn_id into v_running from conversations where id = v_conversation for update;
  if v_kind = 'answer' and v_running is distinct from v_turn then
    return json_build_object('outcome', 'over');
  end if;
  -- Whoever settles the call finds the row.
  insert into owner_spending (owner_id, shard) values (v_owner, spending_shard(v_conversation)) on conflict do nothing;
  -- Of a turn, one call of a kind runs at a time: another one of this place has lost its worker.
  v_lost := settle_lost_calls(v_owner, array(select id from reservations
    where owner_id = v_owner and id <> p_call ->> 'id' and conversation_id = v_conversation
      and turn_id is not distinct from v_turn and kind = v_kind));
  -- No call takes an hour; what is left of one outside of any turn goes with the owner's next one.
  perform settle_lost_calls(v_owner, array(select id from reservations
    where owner_id = v_owner and created_at < clock_timestamp() - interval '1 hour'));
  if cardinality(v_lost) > 0 then
    v_log := append_events(v_conversation, array_to_json(v_lost), null, false);
  else
    perform set_config('synchronous_commit', 'off', true);
  end if;
  delete from reservations where id = p_call ->> 'id';
  if p_limits is not null then
    v_answer := find_room(p_call, p_limits);
    if (v_answer ->> 'room')::bigint < least((p_call ->> 'leastTokens')::int, v_wanted) then
      return (v_answer::jsonb || jsonb_build_object('outcome', 'refused', 'log', v_log))::json;
    end if;
    v_answer := case when (v_answer ->> 'room')::bigint < v_wanted then v_answer end;
    v_wanted := least((v_answer ->> 'room')::bigint, v_wanted);
  end if;
  insert into reservations (id, owner_id, conversation_id, turn_id, kind, model, input_tokens, output_tokens,
      input_price, output_price, context_limit)
    values (p_call ->> 'id', v_owner, v_conversation, v_turn, v_kind, p_call ->> 'model',
      (p_call ->> 'inputTokens')::int, v_wanted, (p_call ->> 'inputPrice')::bigint,
      (p_call ->> 'outputPrice')::bigint, (p_call ->> 'contextLimit')::int);
  return json_build_object('outcome', 'reserved', 'outputTokens', v_wanted, 'code', v_answer -> 'code', 'log', v_log);
end $$;
