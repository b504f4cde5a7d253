-- What processes of release 0.1 call, while they are being replaced by later ones. To be dropped by a release
-- that follows 0.2: no process of 0.1 is left then.

create function accept_message(
  p_conversation text, p_owner text, p_id text, p_text text, p_client_id text, p_via text,
  p_queue_limit int, p_policy text)
returns json language sql as $$
  select accept_message(p_conversation, p_owner, p_id, p_text, p_client_id, p_via, p_queue_limit, p_policy,
    2147483647)
$$;

create function begin_round(
  p_conversation text, p_turn text, p_round int, p_messages text[], p_trigger text, p_prompt_hash text)
returns json language sql as $$
  select begin_round(p_conversation, p_turn, p_round, p_messages, '{}'::text[], p_trigger, p_prompt_hash)
$$;

-- `kept` was the name of `changed`.
create function finish_round(
  p_conversation text, p_turn text, p_round int, p_outcome json, p_message json, p_calls json,
  p_usage json, p_events json, p_floor bigint, p_ends boolean)
returns json language sql as $$
  select json_build_object('outcome', r -> 'outcome', 'stored', r -> 'stored', 'kept', r -> 'changed',
      'log', r -> 'log')
    from finish_round(p_conversation, p_turn, p_round, p_outcome, p_message, p_calls, null::json, p_usage,
      p_events, p_floor, p_ends) as r
$$;

create function create_conversation(
  p_id text, p_owner text, p_external text, p_key text, p_hash text, p_title text, p_model text,
  p_instructions text, p_tools text[], p_chain bigint, p_policy text, p_history json, p_memory boolean)
returns json language sql as $$
  select create_conversation(p_id, p_owner, p_external, p_key, p_hash, p_title, p_model, p_instructions, p_tools,
    p_chain, p_policy, 'allowReads', p_history, p_memory, null::int)
$$;
