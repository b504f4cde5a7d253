-- What is done beside the turns: titles and digests by the helper model, search, memory across conversations,
-- forgetting, and removing what is kept no longer.

alter table owners
  -- New conversations take part in memory unless they say otherwise.
  add column memory boolean not null default false;
alter table conversations
  -- What it is told of earlier conversations is fixed, in told_memories.
  add column memory_told boolean not null default false;

-- What the helper model has to do. A row that is being done is due again when its lease ends.
create table chores (
  conversation_id text not null references conversations (id) on delete cascade,
  kind text not null check (kind in ('title', 'memory')),
  due_at timestamptz not null default now(),
  tries int not null default 0,
  primary key (conversation_id, kind)
);
create index chores_due on chores (due_at);

-- Turns, and messages that never got one, whose content goes.
create table forgettings (
  id text primary key,
  conversation_id text not null references conversations (id) on delete cascade,
  due_at timestamptz not null
);
create index forgettings_due on forgettings (due_at);

-- What is remembered of each conversation.
create table memory_entries (
  conversation_id text primary key references conversations (id) on delete cascade,
  owner_id text not null references owners (id) on delete cascade,
  -- Null: its owner has deleted it, and it does not come back by itself.
  text text,
  -- By its owner: the helper model leaves it alone.
  edited boolean not null default false,
  updated_at timestamptz not null default now()
);
create index memory_entries_by_owner on memory_entries (owner_id, updated_at desc);

-- What a conversation is told of others: as it was at its first turn, so that services can cache a request by its
-- beginning. What the owner edits or deletes is edited or deleted here too.
create table told_memories (
  conversation_id text not null references conversations (id) on delete cascade,
  about text not null references memory_entries (conversation_id) on delete cascade,
  title text not null,
  text text not null,
  updated_at timestamptz not null,
  primary key (conversation_id, about)
);
create index told_memories_about on told_memories (about);

-- How far each conversation was swept. Not logged: after a crash everything is swept once more.
create unlogged table sweeps (
  conversation_id text primary key references conversations (id) on delete cascade,
  seq bigint not null,
  swept_at timestamptz not null,
  -- How many turns it had when runs of its workflow were last looked for.
  turns int not null default 0
);
-- Where the sweep is on its way through all conversations.
create unlogged table sweep_state (
  one boolean primary key default true check (one),
  after_id text not null default '',
  rests_until timestamptz not null default '-infinity'
);
-- Rows come and go here: their room is to be used again soon.
alter table events set (autovacuum_vacuum_scale_factor = 0.05);
alter table rounds set (autovacuum_vacuum_scale_factor = 0.05);
alter table chores set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- What a message is found by: its words, and the conversation that it stands in, with a sign before it that no word
-- has. The bound keeps a text of any length below what a tsvector holds.
create function message_words(p_conversation text, p_text text) returns tsvector
language sql immutable parallel safe as $$
  select to_tsvector('simple', left(p_text, 100000)) || array_to_tsvector(array[chr(1) || p_conversation])
$$;
create index messages_search on messages using gin (message_words(conversation_id, text))
  with (gin_pending_list_limit = 512)
  where role in ('user', 'assistant') and state = 'done' and superseded_by is null;

-- A search in these conversations only, so that it costs what these hold, and not what the whole database does: one
-- query for each thousand of them, because a query holds only so many names. Without any there is nothing to search.
create function search_in(p_search tsquery, p_conversations text[]) returns setof tsquery language sql immutable as $$
  select p_search && string_agg('''' || chr(1) || replace(replace(id, '\', '\\'), '''', '''''') || '''', ' | ')::tsquery
    from unnest(p_conversations) with ordinality as ids (id, place)
    where p_search is not null group by (place - 1) / 1000
$$;

-- The messages of these conversations that a search finds. The planner takes a search word for much rarer, and the
-- reading of every message for much cheaper, than they are.
create function find_messages(p_search tsquery, p_conversations text[])
returns table (id text, conversation_id text, place bigint)
language plpgsql stable set plan_cache_mode = force_custom_plan set enable_seqscan = off as $$
declare
  v_here tsquery;
begin
  for v_here in select * from search_in(p_search, p_conversations) loop
    return query select m.id, m.conversation_id, m.position from messages m
      where m.role in ('user', 'assistant') and m.state = 'done' and m.superseded_by is null
        and message_words(m.conversation_id, m.text) @@ v_here;
  end loop;
end $$;

-- A title that somebody chose is the owner's.
create function note_title() returns trigger language plpgsql as $$
begin
  new.titled_by := 'owner';
  return new;
end $$;
create trigger titled before insert on conversations for each row
  when (new.title <> 'New conversation' and new.titled_by = 'nobody')
  execute function note_title();

-- At the end of a turn: what is to be done for the conversation beside its turns.
create function note_turn_end() returns trigger language plpgsql as $$
begin
  if coalesce(old.turn_settings -> 'history' ->> 'kind', old.history ->> 'kind') = 'none' then
    insert into forgettings (id, conversation_id, due_at)
      values (old.turn_id, new.id, clock_timestamp() + interval '10 seconds') on conflict do nothing;
    return null;
  end if;
  if new.history ->> 'kind' = 'none' then
    return null;
  end if;
  if new.titled_by = 'nobody' and exists (select 1 from messages
      where conversation_id = new.id and role = 'assistant' and text <> '') then
    insert into chores (conversation_id, kind) values (new.id, 'title') on conflict do nothing;
  end if;
  if new.memory and (new.turns in (1, 4) or new.turns % 10 = 0) then
    insert into chores (conversation_id, kind) values (new.id, 'memory') on conflict do nothing;
  end if;
  return null;
end $$;
create trigger turn_end after update of turn_id on conversations for each row
  when (old.turn_id is not null and old.turn_id is distinct from new.turn_id)
  execute function note_turn_end();

-- A message that will have no turn is forgotten by itself.
create function note_unanswered() returns trigger language plpgsql as $$
begin
  insert into forgettings (id, conversation_id, due_at)
    select new.id, c.id, clock_timestamp() + interval '10 seconds' from conversations c
      where c.id = new.conversation_id and c.history ->> 'kind' = 'none'
    on conflict do nothing;
  return null;
end $$;
create trigger unanswered after update of state on messages for each row
  when (new.state in ('withdrawn', 'refused'))
  execute function note_unanswered();

-- A conversation that takes part in memory no longer leaves nothing there.
create function leave_memory() returns trigger language plpgsql as $$
begin
  delete from memory_entries where conversation_id = new.id;
  delete from told_memories where conversation_id = new.id;
  update conversations set memory_told = false where id = new.id and memory_told;
  delete from chores where conversation_id = new.id and (kind = 'memory' or new.history ->> 'kind' = 'none');
  return null;
end $$;
create trigger memory_left after update of memory, history on conversations for each row
  when (old.memory and not new.memory or old.history ->> 'kind' <> 'none' and new.history ->> 'kind' = 'none')
  execute function leave_memory();

-- Gives out chores that are due. The third try is for whoever gives up: two have failed or were lost.
-- Answers [{conversationId, kind, try, owner, turns}].
create function claim_chores(p_limit int, p_lease_ms int) returns json language plpgsql as $$
declare
  v_taken json;
begin
  perform set_config('synchronous_commit', 'off', true);
  with due as (
    select conversation_id, kind from chores where due_at <= clock_timestamp()
      order by due_at limit p_limit for update skip locked
  ), taken as (
    update chores c
      set tries = c.tries + 1, due_at = clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0)
      from due where c.conversation_id = due.conversation_id and c.kind = due.kind
      returning c.conversation_id, c.kind, c.tries
  )
  select json_agg(json_build_object('conversationId', t.conversation_id, 'kind', t.kind, 'try', t.tries,
      'owner', c.owner_id, 'turns', c.turns)) into v_taken
    from taken t join conversations c on c.id = t.conversation_id;
  return coalesce(v_taken, '[]'::json);
end $$;

-- Ends a chore with a title, which counts only while nobody has given one. Answers the log, or null.
create function save_title(p_conversation text, p_try int, p_title text, p_events json)
returns json language plpgsql as $$
begin
  perform 1 from conversations where id = p_conversation for update;
  delete from chores where conversation_id = p_conversation and kind = 'title' and tries = p_try;
  if not found then
    return null;
  end if;
  update conversations set title = p_title, titled_by = 'helper'
    where id = p_conversation and titled_by = 'nobody' and history ->> 'kind' <> 'none';
  if not found then
    return null;
  end if;
  return append_events(p_conversation, p_events, null, false);
end $$;

-- Ends a chore with a digest, unless the owner has written or deleted the entry. Answers whether it was stored.
create function save_digest(p_conversation text, p_try int, p_text text) returns boolean language plpgsql as $$
declare
  v_owner text;
begin
  select owner_id into v_owner from conversations
    where id = p_conversation and memory and history ->> 'kind' <> 'none' for update;
  if not found then
    return false;
  end if;
  delete from chores where conversation_id = p_conversation and kind = 'memory' and tries = p_try;
  if not found then
    return false;
  end if;
  insert into memory_entries (conversation_id, owner_id, text) values (p_conversation, v_owner, p_text)
    on conflict (conversation_id) do update set text = excluded.text, updated_at = now()
      where not memory_entries.edited and memory_entries.text is not null;
  return found;
end $$;

-- What a conversation is told of the owner's others: the newest entries, at most p_chars characters, chosen once.
-- Answers [{title, text, updatedAt}], the newest first; null for one that takes no part in memory.
create function tell_memory(p_conversation text, p_chars int) returns json language plpgsql as $$
declare
  v_conversation conversations;
begin
  select * into v_conversation from conversations where id = p_conversation;
  if not v_conversation.memory_told then
    select * into v_conversation from conversations where id = p_conversation for update;
  end if;
  if v_conversation.id is null or not v_conversation.memory or v_conversation.history ->> 'kind' = 'none' then
    return null;
  end if;
  if not v_conversation.memory_told then
    -- An entry that is being edited or deleted is waited for: whoever does so has not seen what is told now.
    insert into told_memories (conversation_id, about, title, text, updated_at)
      select p_conversation, conversation_id, title, text, updated_at from (
        select e.conversation_id, c.title, e.text, e.updated_at,
            sum(length(c.title) + length(e.text) + 20) over (order by e.updated_at desc, e.conversation_id) as chars
          from (select * from memory_entries
              where owner_id = v_conversation.owner_id and text is not null and conversation_id <> p_conversation
              order by updated_at desc, conversation_id limit 50 for share) e
            join conversations c on c.id = e.conversation_id) newest
        where chars <= p_chars
      on conflict do nothing;
    update conversations set memory_told = true where id = p_conversation;
  end if;
  return coalesce((select json_agg(json_build_object('title', title, 'text', text, 'updatedAt', updated_at)
      order by updated_at desc, about) from told_memories where conversation_id = p_conversation), '[]'::json);
end $$;

-- Writes an entry as its owner wants it. Answers whether there is such a conversation, which takes part in memory.
create function edit_memory(p_owner text, p_conversation text, p_text text) returns boolean language plpgsql as $$
begin
  perform 1 from conversations
    where id = p_conversation and owner_id = p_owner and memory and history ->> 'kind' <> 'none' for update;
  if not found then
    return false;
  end if;
  insert into memory_entries (conversation_id, owner_id, text, edited)
    values (p_conversation, p_owner, p_text, true)
    on conflict (conversation_id) do update set text = excluded.text, edited = true, updated_at = now();
  update told_memories set text = p_text where about = p_conversation;
  return true;
end $$;

-- Deletes an entry, also from what conversations were told. It stays deleted: a digest that is being written is
-- dropped. Answers whether there is such a conversation, which takes part in memory.
create function delete_memory(p_owner text, p_conversation text) returns boolean language plpgsql as $$
begin
  perform 1 from conversations
    where id = p_conversation and owner_id = p_owner and memory and history ->> 'kind' <> 'none' for update;
  if not found then
    return false;
  end if;
  insert into memory_entries (conversation_id, owner_id) values (p_conversation, p_owner)
    on conflict (conversation_id) do update set text = null, edited = false, updated_at = now();
  delete from told_memories where about = p_conversation;
  return true;
end $$;

-- Deletes all that is remembered of an owner's conversations, in the same way.
create function delete_all_memory(p_owner text) returns void language plpgsql as $$
begin
  -- In the order of all writers: the conversations first.
  perform 1 from conversations where owner_id = p_owner and memory and history ->> 'kind' <> 'none'
    order by id for update;
  perform 1 from memory_entries where owner_id = p_owner order by updated_at desc, conversation_id for update;
  insert into memory_entries (conversation_id, owner_id)
    select id, owner_id from conversations
      where owner_id = p_owner and memory and history ->> 'kind' <> 'none'
    on conflict (conversation_id) do update set text = null, edited = false, updated_at = now();
  delete from told_memories t using memory_entries e where e.conversation_id = t.about and e.owner_id = p_owner;
end $$;

-- What a person types as a query: all words, the last one perhaps unfinished when it has three letters. Null: no
-- word at all. The text of a tsquery quotes whatever the words hold, so it is always one.
create function to_search(p_text text) returns tsquery language sql immutable as $$
  select (nullif(words, '') || case when words ~ '[^'']{3}''$' then ':*' else '' end)::tsquery
    from (select plainto_tsquery('simple', p_text)::text as words) as given
$$;

-- Part of a text around the first of the words that it holds, in what of it is searched.
create function to_snippet(p_text text, p_query text, p_chars int) returns text language sql stable as $$
  with searched as materialized (
    select lower(left(p_text, 100000)) as content
  )
  select substr(p_text, greatest(1, place - p_chars / 4), p_chars) from (
    select coalesce(min(nullif(strpos(content, word), 0)), 1) as place
      from searched, unnest(tsvector_to_array(to_tsvector('simple', p_query))) as words (word)) as found
$$;

-- An owner's conversations with the words in the title or in a message, a page of them, the latest first. Answers
-- [{id, place, messageId, snippet}]; the last two of the latest message that has the words.
create function search_conversations(
  p_owner text, p_query text, p_archived boolean, p_place timestamptz, p_id text, p_limit int)
returns json language plpgsql stable set plan_cache_mode = force_custom_plan set enable_seqscan = off as $$
declare
  v_search tsquery := to_search(p_query);
  v_among text[] := array(select id from conversations where owner_id = p_owner and archived = p_archived);
  v_like text := '%' || regexp_replace(p_query, '[\\%_]', '\\\&', 'g') || '%';
begin
  return (
    with hits as materialized (
      select conversation_id, max(place) as position from find_messages(v_search, v_among) group by conversation_id
    ), page as (
      select c.id, c.updated_at, h.position
        from conversations c left join hits h on h.conversation_id = c.id
        where c.owner_id = p_owner and c.archived = p_archived
          and (h.position is not null or c.title ilike v_like or to_tsvector('simple', c.title) @@ v_search)
          and (p_place is null or (c.updated_at, c.id) < (p_place, p_id))
        order by c.updated_at desc, c.id desc limit p_limit
    )
    select coalesce(json_agg(json_build_object('id', p.id, 'place', p.updated_at::text,
        'messageId', m.id, 'snippet', to_snippet(m.text, p_query, 200)) order by p.updated_at desc, p.id desc), '[]'::json)
      from page p left join messages m on m.conversation_id = p.id and m.position = p.position);
end $$;

-- Messages of the owner's other conversations that take part in memory, with any of the words; best first. Those
-- whose entry the owner has deleted are forgotten here too. Answers [{conversationId, title, role, at, text}].
create function search_memory(p_owner text, p_conversation text, p_query text, p_limit int)
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

-- Removes the content of turns and messages that are due: of conversations that keep nothing. What stays says that
-- there was something, when, and how it ended; the message's row, so that a repeat of it stays one.
-- Answers how many there were.
create function forget_due(p_limit int) returns int language plpgsql as $$
declare
  v_due forgettings;
  v_messages text[];
  v_count int := 0;
begin
  perform set_config('synchronous_commit', 'off', true);
  -- With the conversations, as all writers do. One that is written to now has its turn later.
  for v_due in select f.* from forgettings f join conversations c on c.id = f.conversation_id
      where f.due_at <= clock_timestamp()
      order by f.due_at limit p_limit for update skip locked loop
    v_messages := array(select id from messages where conversation_id = v_due.conversation_id
      and (turn_id = v_due.id or id = v_due.id) and role in ('user', 'note'));
    update messages set text = null where id = any (v_messages);
    delete from messages where conversation_id = v_due.conversation_id and turn_id = v_due.id
      and role in ('assistant', 'tool');
    delete from requests where conversation_id = v_due.conversation_id and turn_id = v_due.id;
    delete from tool_calls where conversation_id = v_due.conversation_id and turn_id = v_due.id;
    delete from rounds where conversation_id = v_due.conversation_id and turn_id = v_due.id
      and outcome ->> 'kind' <> 'finished';
    delete from events where conversation_id = v_due.conversation_id and turn_id = v_due.id
      and type not in ('turn.started', 'turn.waiting', 'turn.finished', 'round.started', 'round.finished',
        'conversation.updated', 'usage.recorded');
    update events set body = (body::jsonb - 'message')::json
      where conversation_id = v_due.conversation_id and key = v_due.id || ':finished';
    -- The key of a shown message stays: without it a repeat would show it again.
    update events set body = (body::jsonb || '{"text": ""}')::json
      where conversation_id = v_due.conversation_id and type in ('user.message', 'system.note')
        and body ->> 'messageId' = any (v_messages);
    delete from events where conversation_id = v_due.conversation_id
      and type in ('message.queued', 'message.updated') and body ->> 'messageId' = any (v_messages);
    delete from forgettings where id = v_due.id;
    v_count := v_count + 1;
  end loop;
  return v_count;
end $$;

-- The number at the end of a turn's id.
create function turn_number(p_turn text) returns int language sql immutable as $$
  select substring(p_turn from '\d+$')::int
$$;

-- As before; one that has begun was shown when it did, and what showed it may be swept.
create or replace function announce_message(p_conversation text, p_id text)
returns json language plpgsql as $$
declare
  v_turn text;
  v_message messages;
  v_events json;
  v_position int;
begin
  select turn_id into v_turn from conversations where id = p_conversation for update;
  select * into v_message from messages where id = p_id;
  if not found then
    return null;
  end if;
  if v_message.state = 'withdrawn' then
    return json_build_object('state', 'withdrawn');
  end if;
  if v_message.state = 'done' then
    return json_build_object('state', 'started');
  end if;
  if v_message.state = 'received' then
    update messages set state = 'queued' where id = p_id;
  end if;
  v_position := queue_place(v_message);
  if v_message.state in ('received', 'queued') and (v_turn is not null or v_position > 0) then
    v_events := json_build_array(user_message_event(v_message), json_build_object(
      'k', 'queued:' || p_id, 't', null, 'y', 'message.queued',
      'b', json_build_object('messageId', p_id, 'text', v_message.text, 'position', v_position)));
    -- Waits for the disk: until its turn begins, days later perhaps, nothing else shows the message.
    return json_build_object('state', 'queued', 'events', v_events,
      'log', append_events(p_conversation, v_events, null, false));
  end if;
  v_events := json_build_array(user_message_event(v_message));
  return json_build_object('state', 'started', 'log', append_events(p_conversation, v_events, null, true));
end $$;

-- Takes conversations to be swept, on the way through all of them: those in which something has happened since, and
-- each once a day. One caller at a time; after the last one all callers rest. Answers {ids, long, ended}, or null;
-- `long` are those of them that have so many turns more than when their runs were looked for that there may be another.
create function take_unswept(p_limit int, p_rest_ms int) returns json language plpgsql as $$
declare
  v_state sweep_state;
  v_seen text[];
  v_ids text[];
  v_long text[];
begin
  if not pg_try_advisory_xact_lock(73653, 1) then
    return null;
  end if;
  perform set_config('synchronous_commit', 'off', true);
  insert into sweep_state default values on conflict do nothing;
  select * into v_state from sweep_state;
  if v_state.rests_until > clock_timestamp() then
    return null;
  end if;
  v_seen := array(select id from conversations where id > v_state.after_id order by id limit p_limit);
  v_ids := array(select c.id from conversations c left join sweeps s on s.conversation_id = c.id
    where c.id = any (v_seen)
      and (s.seq is distinct from c.last_seq or s.swept_at < clock_timestamp() - interval '1 day') order by c.id);
  update sweep_state set after_id = case when cardinality(v_seen) < p_limit then '' else v_seen[p_limit] end,
    rests_until = case when cardinality(v_seen) < p_limit
      then clock_timestamp() + make_interval(secs => p_rest_ms / 1000.0) else rests_until end;
  with long as (
    insert into sweeps as s (conversation_id, seq, swept_at, turns)
      select id, -1, '-infinity', turns from conversations where id = any (v_ids) and turns >= 40
      on conflict (conversation_id) do update set turns = excluded.turns where excluded.turns >= s.turns + 40
      returning conversation_id
  )
  select array_agg(conversation_id) into v_long from long;
  return json_build_object('ids', v_ids, 'long', coalesce(v_long, '{}'), 'ended', cardinality(v_seen) < p_limit);
end $$;

-- Removes what is kept no longer of a conversation, at most p_batch rows of each kind; null keeps all. Of the latest
-- turn everything stays, because its activities may be repeated. Answers whether there may be more.
create function sweep_conversation(
  p_conversation text, p_events int, p_event_days int, p_request_days int, p_batch int)
returns boolean language plpgsql as $$
declare
  v_conversation conversations;
  v_upto bigint := 0;
  v_begun bigint;
  v_count int;
  v_more boolean;
begin
  perform set_config('synchronous_commit', 'off', true);
  -- First, as all writers do. One that is written to now is swept on the next way.
  select * into v_conversation from conversations where id = p_conversation for update skip locked;
  if not found then
    return false;
  end if;
  select seq into v_begun from events
    where conversation_id = p_conversation and key = p_conversation || '.t' || v_conversation.turns || ':started';
  if p_events is not null and v_conversation.last_seq - v_conversation.log_floor > p_events then
    select seq into v_upto from events where conversation_id = p_conversation
      order by seq desc offset p_events limit 1;
  end if;
  if p_event_days is not null then
    v_upto := greatest(v_upto, (select seq from events
      where conversation_id = p_conversation and ts < now() - make_interval(days => p_event_days)
      order by seq desc limit 1));
  end if;
  v_upto := (select max(seq) from (select seq from events
    where conversation_id = p_conversation and seq <= v_upto and seq < v_begun order by seq limit p_batch) oldest);
  delete from events where conversation_id = p_conversation and seq <= v_upto;
  get diagnostics v_count = row_count;
  v_more := v_count >= p_batch;
  delete from events where conversation_id = p_conversation and seq = any (array(
    select seq from events where conversation_id = p_conversation
      and type in ('text.delta', 'reasoning.delta', 'tool.progress')
      and turn_number(turn_id) < v_conversation.turns limit p_batch));
  delete from rounds where conversation_id = p_conversation and turn_number(turn_id) < v_conversation.turns - 1;
  delete from tool_steps s using tool_calls t
    where t.conversation_id = p_conversation and t.id = s.call_id and t.status is not null
      and turn_number(t.turn_id) < v_conversation.turns - 1;
  if p_request_days is not null then
    delete from requests where conversation_id = p_conversation and turn_number(turn_id) < v_conversation.turns
      and resolved_at < now() - make_interval(days => p_request_days);
  end if;
  if not v_more then
    insert into sweeps (conversation_id, seq, swept_at)
      values (p_conversation, v_conversation.last_seq, clock_timestamp())
      on conflict (conversation_id) do update set seq = excluded.seq, swept_at = excluded.swept_at;
  end if;
  update conversations set log_floor = v_upto where id = p_conversation and log_floor < v_upto;
  return v_more;
end $$;

-- Removes what belongs to no conversation and has run out, at most p_batch rows of each kind.
create function sweep_expired(p_batch int) returns void language plpgsql as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  delete from login_tokens where token_hash = any (array(
    select token_hash from login_tokens where expires_at < now() limit p_batch));
  delete from idempotency_keys where ctid = any (array(
    select ctid from idempotency_keys where created_at < now() - interval '24 hours' limit p_batch));
  delete from rate_limits where ctid = any (array(
    select ctid from rate_limits where expire < (extract(epoch from now()) * 1000)::bigint limit p_batch));
end $$;
