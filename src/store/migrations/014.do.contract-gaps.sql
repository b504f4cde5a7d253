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
