import type { EventBody } from '../contracts/event.ts'
import type { ConversationId, OwnerId } from '../contracts/ids.ts'
import type { Database } from './database.ts'
import { type LogAnswer, toEventRowsJson } from './log-answer.ts'
import { publishNotice } from './publish-notice.ts'
import { storableText } from './storable-text.ts'

/** Something for the helper model to do for a conversation. `try` counts from 1; after two it is given up. */
export type Chore = {
  conversationId: ConversationId
  kind: 'title' | 'memory'
  try: number
  owner: OwnerId
  /** Turns of the conversation so far. */
  turns: number
}

/** Takes chores that are due. One that is not ended within the lease is given out again, as its next try. */
export function claimChores(
  database: Database,
  { limit, leaseMs }: { limit: number; leaseMs: number },
): Promise<Chore[]> {
  return database.call('claim_chores', [limit, leaseMs])
}

/** Ends a chore with the title it was about. False when the owner was faster, or another try. */
export async function saveTitle(
  database: Database,
  { conversationId, try: given }: Chore,
  title: string,
): Promise<boolean> {
  const body: EventBody = { type: 'conversation.updated', title: storableText(title) }
  const events = toEventRowsJson([{ key: 'titled', turnId: null, body }])
  const log = await database.call<LogAnswer | null>('save_title', [
    conversationId,
    given,
    storableText(title),
    events,
  ])
  publishNotice(database, conversationId, log, events)
  return log !== null
}

/** Ends a chore with the memory entry it was about. False when the owner has written or deleted the entry. */
export function saveMemoryEntry(
  database: Database,
  { conversationId, try: given }: Chore,
  text: string,
): Promise<boolean> {
  return database.call('save_digest', [conversationId, given, storableText(text)])
}

/** Ends a chore without anything. */
export async function dropChore(database: Database, chore: Chore): Promise<void> {
  await database.rows(
    'drop_chore',
    'delete from chores where conversation_id = $1 and kind = $2 and tries = $3',
    [chore.conversationId, chore.kind, chore.try],
  )
}

/** Gives a chore back for another try after a pause. */
export async function giveBackChore(database: Database, chore: Chore, pauseMs: number): Promise<void> {
  await database.rows(
    'give_back_chore',
    `update chores set due_at = clock_timestamp() + make_interval(secs => $4)
       where conversation_id = $1 and kind = $2 and tries = $3`,
    [chore.conversationId, chore.kind, chore.try, pauseMs / 1_000],
  )
}

/** What was said, cut to what a helper needs. */
export type SaidText = { role: 'user' | 'assistant'; text: string }

const isKept = 'not exists (select 1 from passing_turns($1) as passing (id) where passing.id = m.turn_id)'

/** Reads the first message of a user and the first answer, of what is not to be forgotten. */
export function readOpening(database: Database, id: ConversationId): Promise<SaidText[]> {
  return database.rows<SaidText>(
    'read_opening',
    `(select role, left(text, 2000) as text from messages m
        where conversation_id = $1 and role = 'user' and state = 'done' and text <> '' and superseded_by is null
          and ${isKept}
        order by position limit 1)
     union all
     (select role, left(text, 2000) as text from messages m
        where conversation_id = $1 and role = 'assistant' and state = 'done' and text <> ''
          and superseded_by is null and ${isKept}
        order by position limit 1)`,
    [id],
  )
}

/** Reads what was said last and is not to be forgotten, in order, and the memory entry so far. */
export async function readMemorySource(
  database: Database,
  id: ConversationId,
): Promise<{ entry: string | undefined; said: SaidText[] }> {
  const [entries, said] = await Promise.all([
    database.rows<{ text: string | null }>(
      'read_memory_entry',
      'select text from memory_entries where conversation_id = $1',
      [id],
    ),
    database.rows<SaidText>(
      'read_said',
      `select role, text from (
         select position, role, left(text, 1000) as text from messages m
           where conversation_id = $1 and role in ('user', 'assistant') and state = 'done' and text <> ''
             and superseded_by is null and ${isKept}
             and position > (select cleared_position from conversations where id = $1)
           order by position desc limit 30) latest
         order by position`,
      [id],
    ),
  ])
  return { entry: entries[0]?.text ?? undefined, said }
}
