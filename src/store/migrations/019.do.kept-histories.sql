-- Workers keep the histories that they have loaded, and ask for what has come since.

-- The transaction that was the last one to change what was said: a message that somebody may have read. One that is
-- added stands behind them, because all who write messages have locked the conversation, and changes nothing.
alter table conversations add column history_version bigint not null default 0;

create function note_history_change() returns trigger language plpgsql as $$
begin
  -- Once, however many messages it changes.
  update conversations set history_version = pg_current_xact_id()::text::bigint
    where id = old.conversation_id and history_version <> pg_current_xact_id()::text::bigint;
  return null;
end $$;
create trigger history_changed after update of text, state, superseded_by on messages for each row
  when (old.state = 'done' or new.state = 'done' and new.position = old.position)
  execute function note_history_change();
create trigger history_shrunk after delete on messages for each row
  when (old.state = 'done')
  execute function note_history_change();

-- As history_bounds, for somebody who has the messages up to a position, of a version that this function has told: while
-- that is the one, `first` is the next position. Nothing up to `lowest` is part of the history, but for messages of the
-- running turn. `version` is null when there is no such conversation, or nothing was written since the server began.
create function history_news(
  p_conversation text, p_turn text, p_messages text[], p_kind text, p_window int, p_bytes bigint,
  p_version text, p_upto bigint,
  out first bigint, out complete boolean, out compaction json, out version text, out lowest bigint)
language plpgsql stable as $$
declare
  v_conversation conversations;
  v_compaction record;
begin
  select * into v_conversation from conversations where id = p_conversation;
  select c.id, c.upto_position into v_compaction from compactions c
    where c.conversation_id = p_conversation and c.upto_position > v_conversation.cleared_position
      and (c.asked or p_kind = 'summary')
    order by c.upto_position desc limit 1;
  lowest := greatest(v_conversation.cleared_position, v_compaction.upto_position);
  -- A server that took over from another may lack what that one has given out. An id may come again: that of a fork
  -- which was deleted.
  version := (select id from server_life) || ' ' || v_conversation.created_at || ' ' || v_conversation.history_version
    || ' ' || lowest || ' ' || coalesce(v_compaction.id, '') || ' '
    || array(select id from forgettings where conversation_id = p_conversation order by id)::text;
  if version = p_version then
    first := p_upto + 1;
    complete := true;
    return;
  end if;
  select b.first, b.complete, b.compaction into first, complete, compaction
    from history_bounds(p_conversation, p_turn, p_messages, p_kind, p_window, p_bytes) b;
end $$;
