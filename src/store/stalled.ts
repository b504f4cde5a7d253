import type { EventBody } from '../contracts/event.ts'
import type { ConversationId, OwnerId, TurnId } from '../contracts/ids.ts'
import type { WaitingMessage } from '../contracts/turn.ts'
import type { Database } from './database.ts'
import { type LogAnswer, toEventRowsJson } from './log-answer.ts'
import { noConversation } from './no-conversation.ts'
import { publishNotice } from './publish-notice.ts'

/** A conversation that has something to do, and in which nothing happens. */
export type QuietConversation = { id: ConversationId; turnId: TurnId | null; stalled: boolean }

export type QuietSearch = {
  limit: number
  /** All callers together get an answer once in this time. */
  periodMs: number
  /** How long nothing has happened. */
  quietMs: number
}

/**
 * Takes conversations that somebody must look at, each time others while there are many. Empty while another
 * process looks. Those that are marked as stalled are among them, quiet or not.
 */
export function takeQuietConversations(
  database: Database,
  { limit, periodMs, quietMs }: QuietSearch,
): Promise<QuietConversation[]> {
  return database.call('take_quiet_conversations', [limit, periodMs, quietMs])
}

/** Marks a conversation as stalled or as going on, and tells its clients. False when it was marked so before. */
export async function markStalled(
  database: Database,
  conversationId: ConversationId,
  stalled: boolean,
): Promise<boolean> {
  const bodies: EventBody[] = [{ type: 'conversation.updated', stalled }, ...(stalled ? [stalledNotice] : [])]
  const events = toEventRowsJson(bodies.map((body) => ({ key: null, turnId: null, body })))
  const { changed, log } = await database.call<{ changed: boolean; log?: LogAnswer }>('mark_stalled', [
    conversationId,
    stalled,
    events,
  ])
  publishNotice(database, conversationId, log, events)
  return changed
}

const stalledNotice: EventBody = {
  type: 'notice',
  level: 'error',
  code: 'stalled',
  message:
    'This conversation cannot go on: its workflow fails again and again. Nothing is lost. It goes on when the ' +
    'cause is mended; or reset it, which ends the running turn and answers what waits.',
}

/** How many conversations are stalled now. */
export async function countStalled(database: Database): Promise<number> {
  const [row] = await database.rows<{ count: number }>(
    'count_stalled',
    'select count(*) from conversations where stalled',
  )
  return row?.count ?? 0
}

/** The turn that runs now. @throws AppError `not_found`, also for somebody else's conversation */
export async function getRunningTurn(
  database: Database,
  owner: OwnerId,
  id: ConversationId,
): Promise<TurnId | null> {
  const [row] = await database.rows<{ turn_id: TurnId | null }>(
    'get_running_turn',
    'select turn_id from conversations where id = $1 and owner_id = $2',
    [id, owner],
  )
  if (row === undefined) throw noConversation(id)
  return row.turn_id
}

/** What a new workflow has to be told of a conversation. */
export type Unanswered = {
  owner: { id: OwnerId; wallet?: string }
  model: string
  turns: number
  /** In order. What they were to interrupt or to join is over, so each is a turn of its own. */
  messages: WaitingMessage[]
}

/** Reads what waits in a conversation. Undefined: there is no such conversation. */
export async function findUnanswered(
  database: Database,
  id: ConversationId,
): Promise<Unanswered | undefined> {
  type Row = {
    owner_id: OwnerId
    wallet: string | null
    model: string
    turns: number
    messages: WaitingMessage[] | null
  }
  // A message that is only received is being signalled at this moment, or was refused long ago.
  const [row] = await database.rows<Row>(
    'find_unanswered',
    `select c.owner_id, o.wallet, c.model, c.turns,
         (select json_agg(json_strip_nulls(json_build_object('messageId', m.id, 'position', m.position,
             'note', case when m.role = 'note' then true end)) order by m.position)
            from messages m where m.conversation_id = c.id
              and (m.state = 'queued' or m.state = 'received' and m.created_at > now() - interval '1 minute')
         ) as messages
       from conversations c join owners o on o.id = c.owner_id where c.id = $1`,
    [id],
  )
  if (row === undefined) return undefined
  const { owner_id, wallet, model, turns, messages } = row
  return {
    owner: { id: owner_id, ...(wallet === null ? {} : { wallet }) },
    model,
    turns,
    messages: messages ?? [],
  }
}
