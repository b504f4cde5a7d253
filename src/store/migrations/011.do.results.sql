-- Large results of tools, in pieces beside their calls. A small one stands in tool_calls.output, as before.

create table large_results (
  call_id text not null references tool_calls (id) on delete cascade,
  -- Each try writes for itself: one that was taken for dead may still be writing.
  written_by uuid not null,
  -- Null until its call has ended with it. Characters are UTF-16 units, as offsets are.
  total_chars int,
  size_bytes int,
  -- The output was a text, not JSON.
  plain_text boolean not null default false,
  created_at timestamptz not null default now(),
  -- Its text is not kept any more.
  removed_at timestamptz,
  primary key (call_id, written_by)
);
create index large_results_kept on large_results (created_at) where removed_at is null;

create table result_chunks (
  call_id text not null,
  written_by uuid not null,
  chunk int not null,
  -- Where the piece begins in the whole.
  start_char int not null,
  text text not null,
  primary key (call_id, written_by, chunk),
  foreign key (call_id, written_by) references large_results on delete cascade
);

-- Stores one piece of a result whose call has not ended. Repeating it changes nothing.
create function store_result_chunk(p_call text, p_writer uuid, p_chunk int, p_start int, p_text text)
returns void language plpgsql as $$
begin
  if p_chunk = 0 then
    insert into large_results (call_id, written_by) values (p_call, p_writer) on conflict do nothing;
  end if;
  insert into result_chunks (call_id, written_by, chunk, start_char, text)
    values (p_call, p_writer, p_chunk, p_start, p_text) on conflict do nothing;
end $$;

-- Gives calls the large results of others, pair by pair. The calls must be there.
create function copy_results(p_from text[], p_to text[])
returns void language plpgsql as $$
begin
  insert into large_results (call_id, written_by, total_chars, size_bytes, plain_text, created_at, removed_at)
    select given.copy, r.written_by, r.total_chars, r.size_bytes, r.plain_text, r.created_at, r.removed_at
      from unnest(p_from, p_to) as given (original, copy)
      join large_results r on r.call_id = given.original and r.total_chars is not null
    on conflict do nothing;
  insert into result_chunks (call_id, written_by, chunk, start_char, text)
    select given.copy, c.written_by, c.chunk, c.start_char, c.text
      from unnest(p_from, p_to) as given (original, copy)
      join large_results r on r.call_id = given.original and r.total_chars is not null
      join result_chunks c on c.call_id = r.call_id and c.written_by = r.written_by
    on conflict do nothing;
end $$;

-- Removes the text of results that are older, at most so many, and what tries have left behind whose calls ended
-- without them. Their rows stay, so that a reader learns why there is nothing. Answers how many were removed.
create function remove_large_results(p_before timestamptz, p_limit int)
returns int language plpgsql as $$
declare
  v_removed int;
begin
  delete from large_results r using tool_calls c
    where c.id = r.call_id and c.status is not null and r.total_chars is null and r.created_at < p_before;
  with old as (
    select call_id, written_by from large_results
      where removed_at is null and total_chars is not null and created_at < p_before
      order by created_at limit p_limit for update skip locked
  ), gone as (
    delete from result_chunks c using old where c.call_id = old.call_id and c.written_by = old.written_by
  )
  update large_results r set removed_at = now() from old
    where r.call_id = old.call_id and r.written_by = old.written_by;
  get diagnostics v_removed = row_count;
  return v_removed;
end $$;

-- As before, with `readsOn`: whether the model has a tool to read what is cut from a result.
create or replace function begin_tool_try(p_call text, p_step int)
returns json language plpgsql as $$
declare
  v_call tool_calls;
  v_conversation conversations;
  v_step json;
  v_wallet text;
  v_tools json;
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
  v_tools := v_conversation.turn_settings -> 'tools';
  return json_build_object('outcome', 'run', 'name', v_call.name, 'arguments', v_call.arguments,
    'failed', v_call.tries_failed, 'lost', v_call.tries_begun - 1 - v_call.tries_failed,
    'owner', v_conversation.owner_id, 'wallet', v_wallet, 'chainId', v_conversation.chain_id,
    'cancelling', v_conversation.state = 'cancelling' and v_conversation.turn_id = v_call.turn_id,
    'readsOn', case when json_typeof(v_tools) = 'array' then exists (
        select 1 from json_array_elements_text(v_tools) as t (name) where t.name = 'read_result') else true end,
    'stepDone', v_step is not null,
    'earlier', coalesce((select json_object_agg(name, output) from tool_steps
      where call_id = p_call and step_index <= p_step), '{}'::json));
end $$;

-- As before; p_result {writtenBy, totalChars, sizeBytes, isPlainText} says that the output has been stored in pieces.
create function finish_call(
  p_conversation text, p_turn text, p_call text, p_status text, p_output json, p_error json, p_text text,
  p_result json, p_events json)
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
  if p_result is not null then
    update large_results
      set total_chars = (p_result ->> 'totalChars')::int, size_bytes = (p_result ->> 'sizeBytes')::int,
        plain_text = (p_result ->> 'isPlainText')::boolean
      where call_id = p_call and written_by = (p_result ->> 'writtenBy')::uuid;
    if not found then
      raise exception 'The pieces of the result of call % are not there.', p_call;
    end if;
  end if;
  -- What other tries have left behind; one that still writes finds nothing to write to.
  delete from large_results where call_id = p_call and total_chars is null;
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

-- For processes of the release before.
create or replace function finish_call(
  p_conversation text, p_turn text, p_call text, p_status text, p_output json, p_error json, p_text text,
  p_events json)
returns json language sql as $$
  select finish_call(p_conversation, p_turn, p_call, p_status, p_output, p_error, p_text, null::json, p_events)
$$;
