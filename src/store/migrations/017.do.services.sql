-- Services outside: what all workers together may send them, and when one wants to be left alone.

-- Not logged: after a crash each service is asked as if it were new.
create unlogged table services (
  name text primary key,
  -- When the next request is due by its limit.
  next_at timestamptz not null default '-infinity',
  -- 'limited' or 'down': nobody asks it before not_before, and from then on one at a time until it answers.
  held text check (held in ('limited', 'down')),
  not_before timestamptz not null default '-infinity',
  -- How often in a row, since it answered last.
  holds int not null default 0,
  -- Somebody is asking it, and has until then to say how that ended.
  probe_until timestamptz not null default '-infinity'
);

-- What each worker has counted. A dead worker's goes with its row.
create unlogged table service_reports (
  worker_id int primary key references workers (id) on delete cascade,
  services jsonb not null,
  reported_at timestamptz not null default now()
);

-- Asks for the next request to a service. p_interval_ms is the pace of its limit, and p_burst how many may go ahead of
-- it; null: it has none. Answers {kind, ms, why}: `go` and `probe` after ms, which is at most p_ahead_ms; `wait`,
-- because the limit gives nothing sooner; `held` and `probing`, because it is to be left alone. A probe must be
-- answered by release_service, hold_service or end_probe within p_probe_ms.
create function take_service(
  p_name text, p_interval_ms float8, p_burst int, p_ahead_ms float8, p_probe_ms float8)
returns json language plpgsql as $$
declare
  v services;
  v_now timestamptz;
  v_interval interval;
  v_ms float8 := 0;
begin
  insert into services (name) values (p_name) on conflict do nothing;
  select * into v from services where name = p_name for update;
  -- After the lock: others were served while this call waited for it.
  v_now := clock_timestamp();
  if v.held is not null and v.not_before > v_now then
    return json_build_object('kind', 'held', 'why', v.held, 'ms', to_ms(v.not_before - v_now));
  end if;
  if v.held is not null and v.probe_until > v_now then
    return json_build_object('kind', 'probing', 'why', v.held, 'ms', to_ms(v.probe_until - v_now));
  end if;
  if p_interval_ms is not null then
    v_interval := make_interval(secs => p_interval_ms / 1000);
    v.next_at := greatest(v.next_at, v_now);
    v_ms := greatest(0, to_ms(v.next_at - v_now - v_interval * (p_burst - 1)));
    if v_ms > p_ahead_ms then
      return json_build_object('kind', 'wait', 'ms', v_ms);
    end if;
    v.next_at := v.next_at + v_interval;
  end if;
  if v.held is not null then
    v.probe_until := v_now + make_interval(secs => (v_ms + p_probe_ms) / 1000);
  end if;
  update services set next_at = v.next_at, probe_until = v.probe_until where name = p_name;
  return json_build_object('kind', case when v.held is null then 'go' else 'probe' end, 'why', v.held, 'ms', v_ms);
end $$;

create function to_ms(p_interval interval) returns float8 language sql immutable as $$
  select (extract(epoch from p_interval) * 1000)::float8
$$;

-- Leaves a service alone for p_ms, or longer each time when it has not answered in between. Failures of requests that
-- were under way together count once. Answers for how long.
create function hold_service(p_name text, p_why text, p_ms float8, p_longest_ms float8)
returns json language plpgsql as $$
declare
  v services;
  v_now timestamptz;
begin
  insert into services (name) values (p_name) on conflict do nothing;
  select * into v from services where name = p_name for update;
  v_now := clock_timestamp();
  if v.held is null or v.not_before <= v_now then
    v.holds := v.holds + 1;
    p_ms := greatest(p_ms, least(500 * 2.0 ^ least(v.holds - 1, 20), p_longest_ms));
  end if;
  v.not_before := greatest(v.not_before, v_now + make_interval(secs => p_ms / 1000));
  update services set held = p_why, not_before = v.not_before, holds = v.holds, probe_until = '-infinity'
    where name = p_name;
  return json_build_object('ms', to_ms(v.not_before - v_now));
end $$;

-- A service has answered.
create function release_service(p_name text) returns json language sql as $$
  update services set held = null, not_before = '-infinity', holds = 0, probe_until = '-infinity'
    where name = p_name and held is not null
    returning json_build_object('name', name)
$$;

-- A probe has come to nothing, as when somebody stopped it: the next one may ask.
create function end_probe(p_name text) returns json language sql as $$
  update services set probe_until = '-infinity' where name = p_name returning json_build_object('name', name)
$$;
