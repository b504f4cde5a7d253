-- Conversations that live long: what the model is given of them, which model, and which of their messages count.

alter table conversations
  add column model_settings json not null default '{}',
  -- Null: those of the deployment.
  add column fallback_models text[],
  -- Who gave the title: nobody yet, the helper model, or the owner, whose title stays.
  add column titled_by text not null default 'nobody' check (titled_by in ('nobody', 'helper', 'owner')),
  -- The model is given nothing up to this place.
  add column cleared_position bigint not null default 0,
  -- Events up to this number are not kept: who asks for them gets a snapshot.
  add column log_floor bigint not null default 0,
  add column forked_from json;
-- Titles that are there already were given by somebody, except the one of a conversation without a title.
update conversations set titled_by = 'owner' where title <> 'New conversation';

alter table messages
  -- Of an assistant's message: who wrote it. Of a user's: the model that was chosen for it alone.
  add column model text,
  -- The edited message that took its place.
  add column superseded_by text;

-- What the model is given instead of messages up to a place; the latest one counts.
create table compactions (
  -- The round before which it was made, or the turn.
  id text primary key,
  conversation_id text not null references conversations (id) on delete cascade,
  upto_position bigint not null,
  -- Null when no model could write one.
  summary text,
  facts json not null,
  tokens_before int not null,
  tokens_after int not null,
  created_at timestamptz not null default now()
);
create index compactions_by_conversation on compactions (conversation_id, upto_position desc);
