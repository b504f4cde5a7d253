import { withDatabase } from '../api/with-database.ts'

/** An address that only the third turn of a filled conversation names, in the result of a tool. */
export const factOfTurn3 = '0x3333333333333333333333333333333333333333'

/**
 * Gives a new conversation finished turns as if they had been played: a question, a tool call with its result, and an
 * answer, about 150 tokens each. `hostileTurn` answers with a million letters without a break.
 */
export async function fillConversation(
  databaseUrl: string,
  conversationId: string,
  { turns, hostileTurn = 0 }: { turns: number; hostileTurn?: number },
): Promise<void> {
  const values = [conversationId, turns, factOfTurn3, hostileTurn]
  await withDatabase(databaseUrl, async (client) => {
    await client.query(
      `insert into messages (id, conversation_id, position, role, text, tool_calls, call_id, state, turn_id)
         select $1 || '.t' || turn || '.' || place, $1, nextval('message_positions'), role, text,
           case when place = 2 then json_build_array(json_build_object('callId', call_id,
             'providerCallId', 'call_0', 'name', tool, 'arguments', arguments::text)) end,
           case when place = 3 then call_id end, 'done', $1 || '.t' || turn
         from (
           select turn, place, role, tool, $1 || '.t' || turn || '.r0.c0' as call_id,
             case when tool = 'account_info' then json_build_object('address', $3::text) else '{}' end as arguments,
             case place
               when 1 then 'What do you say to question number ' || turn || '?'
               when 2 then ''
               when 3 then case when tool = 'account_info'
                 then json_build_object('address', $3::text, 'balance', '0.25', 'symbol', 'ETH')
                 else json_build_object('said', repeat('tick tock ', 10)) end::text
               else case when turn = $4 then repeat('0123456789abcdef', 62500)
                 else 'To question number ' || turn || ' I say yes.' || repeat(' So it is.', 20) end
             end as text
           from generate_series(1, $2::int) as turn
           cross join (values (1, 'user'), (2, 'assistant'), (3, 'tool'), (4, 'assistant')) as given (place, role)
           cross join lateral (select case when turn = 3 then 'account_info' else 'time_now' end as tool) as tools
         ) as filled
         order by turn, place`,
      values,
    )
    await client.query('update conversations set turns = $2 where id = $1', values.slice(0, 2))
  })
}
