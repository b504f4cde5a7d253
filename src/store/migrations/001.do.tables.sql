-- Content of conversations. Temporal holds decisions; everything a person or a model said is here.

-- One row for each life of the server: a crash empties an unlogged table, a clean restart keeps it. So it
-- tells whether asynchronous commits may have been taken back, also when a single backend has crashed.
create unlogged table server_life (
  one boolean primary key default true check (one),
  id uuid not null default gen_random_uuid(),
  since timestamptz not null default clock_timestamp()
);
insert into server_life (since) values (pg_postmaster_start_time());

create table owners (
  id text primary key,
  kind text not null check (kind in ('guest', 'wallet')),
  wallet text unique,
  created_at timestamptz not null default now()
);

create table login_tokens (
  token_hash bytea primary key,
  owner_id text not null references owners (id) on delete cascade,
  expires_at timestamptz not null
);
create index login_tokens_expiry on login_tokens (expires_at);

create table conversations (
  id text primary key,
  owner_id text not null references owners (id),
  external_id text,
  title text not null,
  state text not null default 'idle'
    check (state in ('idle', 'thinking', 'tools', 'waiting', 'cancelling')),
  model text not null,
  instructions text,
  tools text[],
  chain_id bigint,
  busy_policy text not null default 'queue',
  history json not null,
  memory boolean not null default false,
  archived boolean not null default false,
  created_at timestamptz not null default now(),
  -- Of the last message or change of settings; appends leave it alone, because it is indexed.
  updated_at timestamptz not null default now(),
  last_seq bigint not null default 0,
  -- The life of the server that gave out last_seq; see append_events.
  server_life uuid,
  -- Number of the latest turn that has begun.
  turns int not null default 0,
  -- The running turn; null between turns. Writes of any other turn are dropped.
  turn_id text,
  turn_round int,
  -- What the turn began with: a change of settings is for the next one.
  turn_settings json,
  turn_started_at timestamptz,
  unique (owner_id, external_id)
-- Every append updates the row; room on its page keeps the indexes out of it.
) with (fillfactor = 50);
create index conversations_by_owner on conversations (owner_id, updated_at desc, id);

-- Answers of repeated creations (Idempotency-Key), kept for 24 hours.
create table idempotency_keys (
  owner_id text not null references owners (id) on delete cascade,
  key text not null,
  request_hash text not null,
  conversation_id text not null references conversations (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (owner_id, key)
);

create sequence message_positions;

create table messages (
  id text primary key,
  conversation_id text not null references conversations (id) on delete cascade,
  -- Order in the conversation. A queued message moves to its place when its turn starts.
  position bigint not null default nextval('message_positions'),
  role text not null check (role in ('user', 'assistant', 'tool', 'note')),
  text text,
  tool_calls json,
  call_id text,
  state text not null check (state in ('received', 'queued', 'done', 'withdrawn', 'refused')),
  turn_id text,
  client_message_id text,
  via text not null default 'api',
  parent_id text,
  created_at timestamptz not null default now()
);
create index messages_in_order on messages (conversation_id, position);
create index messages_waiting on messages (conversation_id) where state in ('received', 'queued');

-- What a model call decided; answers a repeated activity.
create table rounds (
  turn_id text not null,
  round int not null,
  conversation_id text not null references conversations (id) on delete cascade,
  outcome json not null,
  primary key (turn_id, round)
);
create index rounds_by_conversation on rounds (conversation_id);

create table tool_calls (
  id text primary key,
  conversation_id text not null references conversations (id) on delete cascade,
  turn_id text not null,
  provider_call_id text not null,
  name text not null,
  arguments text not null,
  -- Null while the call is open.
  status text check (status in ('ok', 'error', 'denied', 'cancelled', 'timeout')),
  output json,
  error json,
  -- Tries begun, and tries that ended in an error of the tool's own; the rest took their worker with them.
  tries_begun int not null default 0,
  tries_failed int not null default 0,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create index tool_calls_by_conversation on tool_calls (conversation_id);
create index tool_calls_open on tool_calls (turn_id) where status is null;

create table tool_steps (
  call_id text not null references tool_calls (id) on delete cascade,
  step_index int not null,
  name text not null,
  output json not null,
  primary key (call_id, step_index)
);

create table model_usage (
  turn_id text not null,
  round int not null,
  attempt int not null,
  conversation_id text not null references conversations (id) on delete cascade,
  model text not null,
  input_tokens int not null,
  output_tokens int not null,
  cached_tokens int,
  context_tokens int not null,
  context_limit int not null,
  created_at timestamptz not null default now(),
  primary key (turn_id, round, attempt)
);
create index model_usage_by_conversation on model_usage (conversation_id);

create table events (
  conversation_id text not null,
  seq bigint not null,
  -- Makes a repeated append do nothing; null for deltas and progress, where the last write wins.
  key text,
  turn_id text,
  type text not null,
  body json not null,
  ts timestamptz not null,
  primary key (conversation_id, seq)
);
create unique index events_once on events (conversation_id, key) where key is not null;

-- Counters of the rate limiter.
create table rate_limits (
  key varchar(255) primary key,
  points integer not null default 0,
  expire bigint
);

-- Workers that live, and the tasks they hold. A worker holds an advisory lock on its number.
create table workers (
  id int generated always as identity primary key,
  identity text not null,
  started_at timestamptz not null default now()
);
create table running_activities (
  worker_id int not null references workers (id) on delete cascade,
  task_token bytea not null,
  workflow_id text not null,
  primary key (worker_id, task_token)
);
