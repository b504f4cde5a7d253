-- Conversations that stand still although they have something to do: who must be looked at, and who is stalled.

create index conversations_stalled on conversations (id) where stalled;

-- When a worker looked last. Not logged: an empty table also tells that a crash has emptied open_turns.
create unlogged table stalled_watch (
  one boolean primary key default true check (one),
  looked_at timestamptz not null
);

-- When each conversation was looked at, so that everyone gets a turn.
create unlogged table stalled_looks (
  conversation_id text primary key references conversations (id) on delete cascade,
  looked_at timestamptz not null
);

-- Takes conversations that must be looked at: marked as stalled, or with a turn or a message in which nothing
-- has happened for p_quiet_ms. A turn that waits for a person counts when an answer was not taken, or when the time
-- of one is over. Those that were looked at longest ago come first.
-- One caller at a time, and all callers together once in p_period_ms. Answers [{id, turnId, stalled}].
create function take_quiet_conversations(p_limit int, p_period_ms int, p_quiet_ms int)
returns json language plpgsql as $$
declare
  v_now timestamptz := clock_timestamp();
  v_before timestamptz := v_now - make_interval(secs => p_quiet_ms / 1000.0);
  v_looked timestamptz;
  v_taken json;
begin
  if not pg_try_advisory_xact_lock(73653, 0) then
    return '[]';
  end if;
  perform set_config('synchronous_commit', 'off', true);
  select looked_at into v_looked from stalled_watch;
  if v_looked > v_now - make_interval(secs => p_period_ms / 1000.0) then
    return '[]';
  end if;
  if v_looked is null then
    -- The lock keeps a turn from ending between the look and the row.
    insert into open_turns (conversation_id, owner_id)
      select id, owner_id from conversations where turn_id is not null for share
      on conflict do nothing;
  end if;
  insert into stalled_watch (looked_at) values (v_now) on conflict (one) do update set looked_at = v_now;
  delete from stalled_looks where looked_at < v_now - interval '1 day';
  with wanted as (
    select id from conversations where stalled
    union
    select c.id from open_turns o join conversations c on c.id = o.conversation_id
      where c.turn_id is not null and (c.state <> 'waiting' or exists (
        select 1 from requests r left join request_answers a on a.request_id = r.id
          where r.conversation_id = c.id and r.outcome is null
            and (r.expires_at < v_before or a.created_at < v_before)))
    union
    select c.id from messages m join conversations c on c.id = m.conversation_id
      where m.state = 'queued' and m.created_at < v_before and c.turn_id is null
  ), oldest as (
    select c.id, c.turn_id, c.stalled
      from wanted w join conversations c on c.id = w.id left join stalled_looks l on l.conversation_id = c.id
      where c.stalled or coalesce((select e.ts from events e
        where e.conversation_id = c.id and e.turn_id is not null order by e.seq desc limit 1) < v_before, true)
      order by l.looked_at nulls first, c.id limit p_limit
  ), noted as (
    insert into stalled_looks (conversation_id, looked_at) select id, v_now from oldest
      on conflict (conversation_id) do update set looked_at = v_now
  )
  select json_agg(json_build_object('id', id, 'turnId', turn_id, 'stalled', stalled)) into v_taken from oldest;
  return coalesce(v_taken, '[]'::json);
end $$;

-- Marks a conversation as stalled, or as going on; p_events say so. Answers {changed, log}.
create function mark_stalled(p_conversation text, p_stalled boolean, p_events json)
returns json language plpgsql as $$
begin
  update conversations set stalled = p_stalled where id = p_conversation and stalled <> p_stalled;
  if not found then
    return json_build_object('changed', false);
  end if;
  return json_build_object('changed', true, 'log', append_events(p_conversation, p_events, null, false));
end $$;
