-- Summing up and clearing on demand.

alter table compactions
  -- Somebody asked for it; the others were made because the conversation no longer fitted.
  add column asked boolean not null default false,
  -- Facts that were found and are not among those that are kept.
  add column facts_left_out int not null default 0;

-- Where it is cleared up to from the end of the running turn on; that turn is given what it was given before.
alter table conversations add column cleared_next bigint;

create function apply_clearing() returns trigger language plpgsql as $$
begin
  new.cleared_position := greatest(new.cleared_position, old.cleared_next);
  new.cleared_next := null;
  return new;
end $$;

create trigger clearing_after_turn before update of turn_id on conversations for each row
  when (old.cleared_next is not null and new.turn_id is distinct from old.turn_id)
  execute function apply_clearing();

-- Gives a compaction its place among the messages that wait, before its workflow is told of it. One that may begin
-- a turn holds a place for it. Answers {outcome: accepted | crowded | missing, position, turns, model}.
create function ask_compaction(p_conversation text, p_owner text, p_turn_limit int)
returns json language plpgsql as $$
declare
  v_conversation conversations;
begin
  select * into v_conversation from conversations
    where id = p_conversation and owner_id = p_owner for update;
  if not found then
    return json_build_object('outcome', 'missing');
  end if;
  if v_conversation.turn_id is null and not hold_turn(p_conversation, p_owner, p_turn_limit) then
    return json_build_object('outcome', 'crowded');
  end if;
  return json_build_object('outcome', 'accepted', 'position', nextval('message_positions'),
    'turns', v_conversation.turns, 'model', v_conversation.model);
end $$;

-- Stores a compaction once, with the events that tell of it, unless its turn has ended or is being stopped.
-- Answers {outcome: stored | done | over, log}.
create function store_compaction(
  p_conversation text, p_turn text, p_id text, p_upto bigint, p_asked boolean, p_summary text, p_facts json,
  p_left_out int, p_before int, p_after int, p_events json)
returns json language plpgsql as $$
declare
  v_conversation conversations;
begin
  select * into v_conversation from conversations where id = p_conversation for update;
  if v_conversation.turn_id is distinct from p_turn or v_conversation.state = 'cancelling' then
    return json_build_object('outcome', 'over');
  end if;
  insert into compactions (id, conversation_id, upto_position, asked, summary, facts, facts_left_out,
      tokens_before, tokens_after)
    values (p_id, p_conversation, p_upto, p_asked, p_summary, p_facts, p_left_out, p_before, p_after)
    on conflict do nothing;
  if not found then
    return json_build_object('outcome', 'done');
  end if;
  return json_build_object('outcome', 'stored', 'log', append_events(p_conversation, p_events, null, false));
end $$;

-- Lets the model forget what stands in finished turns; p_events say so. Answers
-- {outcome: cleared | empty | missing, log}.
create function clear_context(p_conversation text, p_owner text, p_events json)
returns json language plpgsql as $$
declare
  v_conversation conversations;
  v_newest bigint;
begin
  select * into v_conversation from conversations
    where id = p_conversation and owner_id = p_owner for update;
  if not found then
    return json_build_object('outcome', 'missing');
  end if;
  select max(position) into v_newest from messages
    where conversation_id = p_conversation and state = 'done'
      and (v_conversation.turn_id is null or turn_id is distinct from v_conversation.turn_id);
  if v_newest is null or v_newest <= greatest(v_conversation.cleared_position, v_conversation.cleared_next) then
    return json_build_object('outcome', 'empty');
  end if;
  if v_conversation.turn_id is null then
    update conversations set cleared_position = v_newest where id = p_conversation;
  else
    update conversations set cleared_next = v_newest where id = p_conversation;
  end if;
  return json_build_object('outcome', 'cleared', 'log', append_events(p_conversation, p_events, null, false));
end $$;
