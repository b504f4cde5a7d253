-- What clients were not told.

-- As before; the events say what the model was asked for.
create or replace function settle_lost_calls(p_owner text, p_ids text[]) returns json[] language plpgsql as $$
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
      't', case when is_of_turn(v_open.kind) then v_open.turn_id end, 'y', 'usage.recorded', 'b',
      json_strip_nulls(json_build_object('kind', v_open.kind, 'model', v_open.model,
        'inputTokens', v_open.input_tokens, 'outputTokens', v_output, 'costUsd', to_usd(v_cost), 'estimated', true,
        'contextTokens', v_open.input_tokens + v_output, 'contextLimit', v_open.context_limit)));
  end loop;
  return v_events;
end $$;

-- Up to where a conversation was cleared, each time: what a reader is shown. Which one counts is said by
-- cleared_position and cleared_next.
create table clearings (
  conversation_id text not null references conversations (id) on delete cascade,
  position bigint not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (conversation_id, position)
);
insert into clearings (conversation_id, position, created_at)
  select id, greatest(cleared_position, cleared_next), updated_at from conversations
    where greatest(cleared_position, cleared_next) > 0;

create function note_clearing() returns trigger language plpgsql as $$
begin
  insert into clearings (conversation_id, position)
    values (new.id, greatest(new.cleared_position, new.cleared_next))
    on conflict do nothing;
  return null;
end $$;
create trigger note_clearing after update of cleared_position, cleared_next on conversations for each row
  when (greatest(new.cleared_position, new.cleared_next) > greatest(old.cleared_position, old.cleared_next))
  execute function note_clearing();

-- A clearing of what an edit has taken away is none any more. Its message is superseded, as all that follow the
-- edited one.
create function is_clearing_gone(p_clearing clearings) returns boolean language sql stable as $$
  select exists (select 1 from messages
    where conversation_id = (p_clearing).conversation_id and position = (p_clearing).position
      and superseded_by is not null)
$$;

-- An edit takes back the latest clearings; one of before the edited message counts again.
create function restore_clearing() returns trigger language plpgsql as $$
begin
  select coalesce(max(position), 0) into new.cleared_position from clearings c
    where conversation_id = new.id and position < old.cleared_position and not is_clearing_gone(c);
  return new;
end $$;
create trigger restore_clearing before update of cleared_position on conversations for each row
  when (new.cleared_position < old.cleared_position)
  execute function restore_clearing();

-- The turn in which, or for which, a compaction was made; null for one that was read in without.
create function compaction_turn(p_id text) returns text language sql immutable as $$
  select substring(p_id from '^(.*\.t\d+)(?:\.r\d+)?$')
$$;
