-- What the model may be given of a conversation is found from its newest message back, and no further than needed.

-- Answers where the history begins: `first` is the place of its first message, `complete` says that nothing older
-- is left out that the strategy admits. The running turn begins with p_messages and is always part of it; of what
-- stands before, at most p_bytes of text are, from a user's message on. `compaction` stands in the place of what it
-- sums up.
create function history_bounds(
  p_conversation text, p_turn text, p_messages text[], p_kind text, p_window int, p_bytes bigint,
  out first bigint, out complete boolean, out compaction json)
language plpgsql stable as $$
declare
  v_start bigint;
  v_lowest bigint;
  v_upto bigint;
  v_users int := 0;
  v_bytes bigint := 0;
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
  for v_message in
    select position, role, coalesce(octet_length(text), 0) + coalesce(octet_length(tool_calls::text), 0) as bytes
      from messages
      where conversation_id = p_conversation and position > v_lowest and position < v_start and state = 'done'
        and superseded_by is null and (text is not null or role in ('assistant', 'tool'))
      order by position desc
  loop
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
