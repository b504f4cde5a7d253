import { randomUUID } from 'node:crypto'
import type { ConversationFields } from '../client/api-answers.ts'
import type { Client } from '../client/create-client.ts'
import { ProblemError } from '../client/problem-error.ts'
import { retryWhileUnavailable } from '../client/retry-while-unavailable.ts'
import type { BusyPolicy, Conversation, HistoryStrategy, ModelSettings } from '../contracts/conversation.ts'
import type { PermissionPolicy } from '../contracts/permission.ts'
import { CommandError, exitCodes } from './exit-code.ts'

/** What the user says about a conversation. */
export type ConversationWish = {
  title?: string
  model?: string
  modelSettings?: ModelSettings
  history?: HistoryStrategy
  memory?: boolean
  chain?: number
  busyPolicy?: BusyPolicy
  permissions?: PermissionPolicy
}

/** Makes a new conversation as wished. */
export async function createConversation(client: Client, wish: ConversationWish): Promise<Conversation> {
  const key = randomUUID()
  return retryWhileUnavailable(() => client.createConversation(fieldsOf(wish), key))
}

/**
 * Changes an existing conversation as wished; from now on, not for one question.
 * @throws CommandError when there is none with this id
 */
export async function reopenConversation(
  client: Client,
  id: string,
  wish: ConversationWish,
): Promise<Conversation> {
  const fields = fieldsOf(wish)
  try {
    if (Object.keys(fields).length > 0) await client.updateConversation(id, fields)
    return (await client.getConversation(id)).conversation
  } catch (error) {
    throw explainMissing(error, id)
  }
}

/** Says it in the words of the terminal when the server does not know a conversation. */
export function explainMissing(error: unknown, id: string): unknown {
  if (!(error instanceof ProblemError) || error.status !== 404) return error
  const message = `There is no conversation ${id} of yours. List yours with: perdura conversations`
  return new CommandError(exitCodes.usage, message, error)
}

/** Options of a command come with others, which the server does not know. */
function fieldsOf(wish: ConversationWish): ConversationFields {
  const { title, model, modelSettings, history, memory, chain, busyPolicy, permissions } = wish
  return {
    ...(title !== undefined && { title }),
    ...(modelSettings !== undefined && { modelSettings }),
    ...(history !== undefined && { history }),
    ...(memory !== undefined && { memory }),
    ...(model !== undefined && { model }),
    ...(chain !== undefined && { chainId: chain }),
    ...(busyPolicy !== undefined && { busyPolicy }),
    ...(permissions !== undefined && { permissions }),
  }
}
