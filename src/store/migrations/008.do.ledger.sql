-- What calls of models have used and cost, and what those that run may use. Money is in millionths of a millionth
-- of a dollar: a token's price, given in dollars a million with six decimals, is a whole number of them.

-- One entry for each attempt of each call. It stays when its conversation is deleted, and holds no content.
create table ledger (
  id text primary key,
  owner_id text not null,
  conversation_id text not null,
  turn_id text,
  kind text not null,
  model text not null,
  input_tokens int not null,
  output_tokens int not null,
  cached_tokens int,
  -- Null: the model has no price.
  cost bigint,
  estimated boolean not null,
  -- When the call was reserved; its day is the one that it counts for.
  created_at timestamptz not null
);
create index ledger_by_conversation on ledger (conversation_id, turn_id);

-- Sums of the entries. Whoever changes one of an owner, or reserves under a limit, locks the owner's row.
create table owner_spending (
  owner_id text primary key,
  tokens bigint not null default 0,
  cost bigint not null default 0
) with (fillfactor = 50);
create table daily_spending (
  owner_id text not null,
  -- In UTC.
  day date not null,
  model text not null,
  kind text not null,
  calls bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cached_tokens bigint not null,
  cost bigint not null,
  estimated_calls bigint not null,
  primary key (owner_id, day, model, kind)
) with (fillfactor = 50);

-- Calls that run. What they may use is counted as spent until they are in the ledger.
create table reservations (
  id text primary key,
  owner_id text not null,
  conversation_id text not null,
  turn_id text,
  kind text not null,
  model text not null,
  input_tokens int not null,
  -- Null: nothing bounds it.
  output_tokens int,
  -- For one token. Null: the model has no price.
  input_price bigint,
  output_price bigint,
  context_limit int not null,
  created_at timestamptz not null default clock_timestamp()
);
create index reservations_by_owner on reservations (owner_id);

-- The calls of an owner that run, each with what it may use in all.
create function open_calls(p_owner text) returns table (turn_id text, day date, tokens bigint, cost bigint)
language sql stable as $$
  select turn_id, (created_at at time zone 'utc')::date, input_tokens::bigint + coalesce(output_tokens, 0),
      coalesce(input_tokens * input_price + coalesce(output_tokens, 0) * output_price, 0)
    from reservations where owner_id = p_owner
$$;

-- An amount as the API shows it: dollars, without zeros at the end.
create function to_usd(p_cost numeric) returns text language sql immutable as $$
  select trim(trailing '.' from trim(trailing '0' from (p_cost / 1000000000000)::numeric(40, 12)::text))
$$;

-- A sum as the API shows it; `cost` is its exact amount.
create function usage_sum(p_calls numeric, p_input numeric, p_output numeric, p_cached numeric, p_cost numeric,
  p_estimated numeric)
returns json language sql stable as $$
  select json_build_object('calls', coalesce(p_calls, 0), 'inputTokens', coalesce(p_input, 0),
    'outputTokens', coalesce(p_output, 0), 'cachedTokens', coalesce(p_cached, 0),
    'costUsd', to_usd(coalesce(p_cost, 0)), 'estimatedCalls', coalesce(p_estimated, 0), 'cost',
    coalesce(p_cost, 0)::text)
$$;

-- Changes the sums by one entry, or back.
create function add_to_spending(p_entry ledger, p_sign int) returns void language plpgsql as $$
begin
  update owner_spending
    set tokens = tokens + p_sign * (p_entry.input_tokens::bigint + p_entry.output_tokens),
        cost = cost + p_sign * coalesce(p_entry.cost, 0)
    where owner_id = p_entry.owner_id;
  insert into daily_spending as d (owner_id, day, model, kind, calls, input_tokens, output_tokens, cached_tokens,
      cost, estimated_calls)
    values (p_entry.owner_id, (p_entry.created_at at time zone 'utc')::date, p_entry.model, p_entry.kind, p_sign,
      p_sign * p_entry.input_tokens::bigint, p_sign * p_entry.output_tokens::bigint,
      p_sign * coalesce(p_entry.cached_tokens, 0)::bigint, p_sign * coalesce(p_entry.cost, 0),
      p_sign * p_entry.estimated::int)
    on conflict (owner_id, day, model, kind) do update set
      calls = d.calls + excluded.calls,
      input_tokens = d.input_tokens + excluded.input_tokens,
      output_tokens = d.output_tokens + excluded.output_tokens,
      cached_tokens = d.cached_tokens + excluded.cached_tokens,
      cost = d.cost + excluded.cost,
      estimated_calls = d.estimated_calls + excluded.estimated_calls;
end $$;

create function lock_spending(p_owner text) returns void language plpgsql as $$
begin
  perform 1 from owner_spending where owner_id = p_owner for update;
  if not found then
    insert into owner_spending (owner_id) values (p_owner) on conflict do nothing;
    perform 1 from owner_spending where owner_id = p_owner for update;
  end if;
end $$;

-- Puts an entry into the ledger. One that was estimated gives way to what is known better: its worker had been
-- taken for dead.
create function book_call(p_entry ledger) returns void language plpgsql as $$
declare
  v_old ledger;
begin
  select * into v_old from ledger where id = p_entry.id;
  if found then
    if not v_old.estimated then
      return;
    end if;
    perform add_to_spending(v_old, -1);
    delete from ledger where id = p_entry.id;
    p_entry.created_at := v_old.created_at;
  end if;
  insert into ledger select p_entry.*;
  perform add_to_spending(p_entry, 1);
end $$;

-- Settles a call: {id, owner, conversation, turn, kind, model, inputTokens, outputTokens, cachedTokens, cost,
-- estimated}. Its reservation may be missing, because a crash of the server took it back.
create function settle_entry(p_call json) returns void language plpgsql as $$
declare
  v_at timestamptz;
begin
  perform lock_spending(p_call ->> 'owner');
  delete from reservations where id = p_call ->> 'id' returning created_at into v_at;
  perform book_call(row(p_call ->> 'id', p_call ->> 'owner', p_call ->> 'conversation', p_call ->> 'turn',
    p_call ->> 'kind', p_call ->> 'model', (p_call ->> 'inputTokens')::int, (p_call ->> 'outputTokens')::int,
    (p_call ->> 'cachedTokens')::int, (p_call ->> 'cost')::bigint, (p_call ->> 'estimated')::boolean,
    coalesce(v_at, clock_timestamp()))::ledger);
end $$;

-- Whether a turn waits for calls of this kind. Others outlive theirs.
create function is_of_turn(p_kind text) returns boolean language sql immutable as $$
  select p_kind in ('answer', 'summary')
$$;

-- What reached the log of an attempt of an answer, in tokens as they are estimated for any model.
create function count_streamed_tokens(p_conversation text, p_attempt text) returns int language sql stable as $$
  select ceil(coalesce(sum(octet_length(body ->> 'delta')), 0) / 2.5)::int from events
    where conversation_id = p_conversation
      and seq > coalesce((select seq from events where conversation_id = p_conversation
        and key = regexp_replace(p_attempt, '\.a\d+$', ':started')), 0)
      and type in ('text.delta', 'reasoning.delta')
      and body ->> 'messageId' = regexp_replace(p_attempt, '\.a\d+$', '')
      and body ->> 'attempt' = substring(p_attempt from '\.a(\d+)$')
$$;

-- Settles calls whose worker is gone: what they were given, and what reached the log. Answers the events that say so.
create function settle_lost_calls(p_owner text, p_ids text[]) returns json[] language plpgsql as $$
declare
  v_open reservations;
  v_output int;
  v_cost bigint;
  v_events json[] := '{}';
begin
  if cardinality(p_ids) = 0 then
    return '{}';
  end if;
  perform lock_spending(p_owner);
  for v_open in delete from reservations where id = any (p_ids) returning * loop
    v_output := case v_open.kind when 'answer' then count_streamed_tokens(v_open.conversation_id, v_open.id)
      else 0 end;
    v_output := least(v_output, v_open.output_tokens);
    v_cost := v_open.input_price * v_open.input_tokens + v_open.output_price * v_output;
    perform book_call(row(v_open.id, v_open.owner_id, v_open.conversation_id, v_open.turn_id, v_open.kind,
      v_open.model, v_open.input_tokens, v_output, null, v_cost, true, v_open.created_at)::ledger);
    v_events := v_events || json_build_object('k', v_open.id || ':usage',
      't', case when is_of_turn(v_open.kind) then v_open.turn_id end, 'y', 'usage.recorded', 'b', json_strip_nulls(json_build_object('model', v_open.model,
        'inputTokens', v_open.input_tokens, 'outputTokens', v_output, 'costUsd', to_usd(v_cost),
        'estimated', true, 'contextTokens', v_open.input_tokens + v_output,
        'contextLimit', v_open.context_limit)));
  end loop;
  return v_events;
end $$;

-- The calls that a turn waits for and that run as far as anybody knows, one excepted.
create function list_open_calls_of(p_owner text, p_turn text, p_except text) returns text[]
language sql stable as $$
  select coalesce(array_agg(id), '{}') from reservations
    where owner_id = p_owner and turn_id = p_turn and id is distinct from p_except
      and is_of_turn(kind)
$$;

-- Reserves what a call may use: {id, owner, conversation, turn, kind, model, inputTokens, outputTokens, leastTokens,
-- inputPrice, outputPrice, contextLimit}, under p_limits: {turnTokens, dayTokens, ownerTokens, turnCost, dayCost,
-- ownerCost} or null. A repeat reserves anew. Answers {outcome: reserved | refused | over, outputTokens, code, left,
-- limit, unit, log}: `code` names the limit that refuses the call or bounds its output; over means that the turn
-- has ended.
create function reserve_call(p_call json, p_limits json) returns json language plpgsql as $$
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

-- How many tokens of output the tightest of the limits leaves to a call: {room, code, left, limit, unit}, or null.
-- Locks the owner's sums, so that of two calls in the same moment one sees the other.
create function find_room(p_call json, p_limits json) returns json language plpgsql as $$
declare
  v_owner text := p_call ->> 'owner';
  v_turn text := p_call ->> 'turn';
  v_day date;
  v_input int := (p_call ->> 'inputTokens')::int;
  v_input_cost bigint := v_input * coalesce((p_call ->> 'inputPrice')::bigint, 0);
  v_price bigint := nullif((p_call ->> 'outputPrice')::bigint, 0);
  v_spent owner_spending;
  v_turn_tokens bigint := 0;
  v_turn_cost bigint := 0;
  v_day_tokens bigint;
  v_day_cost bigint;
  v_open record;
begin
  perform lock_spending(v_owner);
  v_day := (clock_timestamp() at time zone 'utc')::date;
  select * into v_spent from owner_spending where owner_id = v_owner;
  select coalesce(sum(input_tokens + output_tokens), 0), coalesce(sum(cost), 0) into v_day_tokens, v_day_cost
    from daily_spending where owner_id = v_owner and day = v_day;
  if v_turn is not null then
    select coalesce(sum(input_tokens + output_tokens), 0), coalesce(sum(cost), 0) into v_turn_tokens, v_turn_cost
      from ledger where conversation_id = p_call ->> 'conversation' and turn_id = v_turn;
  end if;
  select coalesce(sum(tokens), 0) as tokens, coalesce(sum(cost), 0) as cost,
      coalesce(sum(tokens) filter (where turn_id = v_turn), 0) as turn_tokens,
      coalesce(sum(cost) filter (where turn_id = v_turn), 0) as turn_cost,
      coalesce(sum(tokens) filter (where day = v_day), 0) as day_tokens,
      coalesce(sum(cost) filter (where day = v_day), 0) as day_cost
    into v_open
    from open_calls(v_owner);
  return (
    with limits (code, unit, limit_, used) as (values
      ('turn_budget', 'tokens', case when v_turn is not null then (p_limits ->> 'turnTokens')::bigint end,
        v_turn_tokens + v_open.turn_tokens),
      ('turn_budget', 'usd', case when v_turn is not null then (p_limits ->> 'turnCost')::bigint end,
        v_turn_cost + v_open.turn_cost),
      ('day_budget', 'tokens', (p_limits ->> 'dayTokens')::bigint, v_day_tokens + v_open.day_tokens),
      ('day_budget', 'usd', (p_limits ->> 'dayCost')::bigint, v_day_cost + v_open.day_cost),
      ('owner_budget', 'tokens', (p_limits ->> 'ownerTokens')::bigint, v_spent.tokens + v_open.tokens),
      ('owner_budget', 'usd', (p_limits ->> 'ownerCost')::bigint, v_spent.cost + v_open.cost)
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

-- Settles a call by itself and says so in its conversation: an attempt that is repeated, or a helper's. Answers
-- {log}.
create function settle_call(p_call json, p_events json) returns json language plpgsql as $$
begin
  perform 1 from conversations where id = p_call ->> 'conversation' for update;
  perform settle_entry(p_call);
  -- Nothing follows the end of a turn with its id.
  return json_build_object('log', append_events(p_call ->> 'conversation', p_events,
    case when is_of_turn(p_call ->> 'kind') then p_call ->> 'turn' end, false));
end $$;

-- However a turn ends, none of its calls stays open.
create function settle_ended_turn() returns trigger language plpgsql as $$
declare
  v_events json[] := settle_lost_calls(old.owner_id, list_open_calls_of(old.owner_id, old.turn_id, null));
begin
  if cardinality(v_events) > 0 then
    perform append_events(old.id, array_to_json(v_events), null, false);
  end if;
  return null;
end $$;
create trigger settle_ended_turn after update of turn_id on conversations for each row
  when (old.turn_id is not null and new.turn_id is distinct from old.turn_id)
  execute function settle_ended_turn();

-- For processes of release 0.2, which delete the row themselves.
create function settle_deleted_conversation() returns trigger language plpgsql as $$
begin
  perform settle_lost_calls(old.owner_id, array(select id from reservations
    where owner_id = old.owner_id and conversation_id = old.id));
  return old;
end $$;
create trigger settle_deleted_conversation before delete on conversations for each row
  execute function settle_deleted_conversation();

-- As before; the call's entry in the ledger is p_usage: what settle_entry takes. Processes of release 0.2 name
-- neither the entry nor its owner, and nothing for a call that was cut.
create or replace function finish_round(
  p_conversation text, p_turn text, p_round int, p_outcome json, p_message json, p_calls json,
  p_requests json, p_usage json, p_events json, p_floor bigint, p_ends boolean)
returns json language plpgsql as $$
declare
  v_turn text;
  v_owner text;
  v_usage json := p_usage;
  v_stored json;
  v_call json;
  v_lost json[];
  v_added json[] := '{}';
  v_kept json;
  v_events json := p_events;
  v_log json;
begin
  select turn_id, owner_id into v_turn, v_owner from conversations where id = p_conversation for update;
  if p_usage is not null and p_usage -> 'id' is null then
    v_usage := (p_usage::jsonb || jsonb_build_object('id', p_turn || '.r' || p_round || '.a' || (p_usage ->> 'attempt'),
      'owner', v_owner, 'conversation', p_conversation, 'turn', p_turn, 'kind', 'answer', 'estimated', false))::json;
  end if;
  select outcome into v_stored from rounds where turn_id = p_turn and round = p_round;
  if found or v_turn is distinct from p_turn then
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
        (id, conversation_id, turn_id, provider_call_id, name, arguments, status, error, permission, finished_at)
      values (v_call ->> 'id', p_conversation, p_turn, v_call ->> 'providerCallId', v_call ->> 'name',
        v_call ->> 'arguments', v_call ->> 'status', v_call -> 'error', v_call -> 'permission',
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

-- What an owner has used: {total, today, days, models, conversation, turn, reserved}. `models` are those of the turn
-- or the conversation that is asked for, else all.
create function report_usage(p_owner text, p_conversation text, p_turn text, p_days int) returns json
language sql stable as $$
  with entries as (
    select turn_id, model, kind, 1::bigint as calls, input_tokens::bigint, output_tokens::bigint,
        coalesce(cached_tokens, 0)::bigint as cached_tokens, coalesce(cost, 0) as cost,
        estimated::int::bigint as estimated_calls
      from ledger where owner_id = p_owner and conversation_id = p_conversation
  ), daily as (
    select * from daily_spending where owner_id = p_owner
  ), chosen as (
    select model, kind, calls, input_tokens, output_tokens, cached_tokens, cost, estimated_calls from entries
      where p_turn is null or turn_id = p_turn
    union all select model, kind, calls, input_tokens, output_tokens, cached_tokens, cost, estimated_calls from daily
      where p_conversation is null
  ), today as (
    select (clock_timestamp() at time zone 'utc')::date as day
  )
  select json_build_object(
    'total', (select usage_sum(sum(calls), sum(input_tokens), sum(output_tokens), sum(cached_tokens), sum(cost),
      sum(estimated_calls)) from daily),
    'today', (select usage_sum(sum(calls), sum(input_tokens), sum(output_tokens), sum(cached_tokens), sum(cost),
      sum(estimated_calls)) from daily where day = (select day from today)),
    'conversation', case when p_conversation is not null then (select usage_sum(sum(calls), sum(input_tokens),
      sum(output_tokens), sum(cached_tokens), sum(cost), sum(estimated_calls)) from entries) end,
    'turn', case when p_turn is not null then (select usage_sum(sum(calls), sum(input_tokens),
      sum(output_tokens), sum(cached_tokens), sum(cost), sum(estimated_calls)) from entries where turn_id = p_turn) end,
    'days', coalesce((select json_agg(json_build_object('day', day, 'sum', sum) order by day desc) from (
      select day, usage_sum(sum(calls), sum(input_tokens), sum(output_tokens), sum(cached_tokens), sum(cost),
          sum(estimated_calls)) as sum
        from daily where day > (select day from today) - p_days group by day) as d), '[]'),
    'models', coalesce((select json_agg(json_build_object('model', model, 'kind', kind, 'sum', sum)
        order by model, kind) from (
      select model, kind, usage_sum(sum(calls), sum(input_tokens), sum(output_tokens), sum(cached_tokens), sum(cost),
          sum(estimated_calls)) as sum
        from chosen group by model, kind) as m), '[]'),
    'reserved', (select json_build_object('calls', count(*),
        'tokens', coalesce(sum(tokens), 0), 'cost', coalesce(sum(cost), 0)::text,
        'todayTokens', coalesce(sum(tokens) filter (where day = (select day from today)), 0),
        'todayCost', coalesce(sum(cost) filter (where day = (select day from today)), 0)::text,
        'turnTokens', coalesce(sum(tokens) filter (where turn_id = p_turn), 0),
        'turnCost', coalesce(sum(cost) filter (where turn_id = p_turn), 0)::text)
      from open_calls(p_owner)))
$$;

-- What was counted before there was a ledger.
insert into ledger (id, owner_id, conversation_id, turn_id, kind, model, input_tokens, output_tokens, cached_tokens,
    estimated, created_at)
  select u.turn_id || '.r' || u.round || '.a' || u.attempt, c.owner_id, u.conversation_id, u.turn_id, 'answer', u.model,
      u.input_tokens, u.output_tokens, u.cached_tokens, false, u.created_at
    from model_usage u join conversations c on c.id = u.conversation_id;
insert into owner_spending (owner_id, tokens)
  select owner_id, sum(input_tokens::bigint + output_tokens) from ledger group by owner_id;
insert into daily_spending
  select owner_id, (created_at at time zone 'utc')::date, model, kind, count(*), sum(input_tokens),
      sum(output_tokens), coalesce(sum(cached_tokens), 0), 0, 0
    from ledger group by 1, 2, 3, 4;
drop table model_usage;
