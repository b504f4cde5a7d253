import { text } from 'node:stream/consumers'
import type { ExportFormat } from '../client/api-answers.ts'
import { createClient } from '../client/create-client.ts'
import { ask, type AskOptions } from './ask.ts'
import { connect } from './connect.ts'
import { CommandError, exitCodes } from './exit-code.ts'
import { findServer, notRunningMessage, type Server } from './find-server.ts'
import { conversationLines, searchLines } from './list-conversations.ts'
import { onInterrupt } from './on-interrupt.ts'
import { explainMissing } from './open-conversation.ts'
import { createPalette } from './palette.ts'
import { type ChatOptions, runChat } from './run-chat.ts'
import { readStatus } from './status.ts'
import { statusLines } from './status-lines.ts'
import { readExport } from './read-export.ts'
import { toJsonLine } from './to-json-line.ts'
import { serviceLines } from './service-lines.ts'
import { findToken, tokenPath } from './token-file.ts'
import { usageLines } from './usage-lines.ts'
import { watchedLines } from './watched-lines.ts'
import { writeExport } from './write-export.ts'

const { stdout, stderr, env } = process
const say = (line: string) => void stderr.write(`${line}\n`)
const surroundings = () => ({ cwd: process.cwd(), env })

/** `perdura chat` */
export async function runChatCommand(options: ChatOptions): Promise<number> {
  const client = await connect(surroundings(), say)
  await runChat(client, options, { stdin: process.stdin, stdout, stderr, env })
  return exitCodes.success
}

/** `perdura ask` */
export async function runAskCommand(
  words: string,
  { timeout, ...options }: AskOptions & { timeout?: number },
): Promise<number> {
  const question = (words === '-' ? await text(process.stdin) : words).trim()
  if (question === '') throw new CommandError(exitCodes.usage, 'The question is empty.')
  const stop = new AbortController()
  const stopListening = onInterrupt(() => {
    // The second Ctrl-C does not wait for the turn to stop.
    if (stop.signal.aborted) process.exit(exitCodes.interrupted)
    stop.abort(exitCodes.cancelled)
  })
  const timer =
    timeout === undefined ? undefined : setTimeout(() => stop.abort(exitCodes.timeout), timeout * 1_000)
  try {
    const client = await connect(surroundings(), say)
    return await ask(client, question, options, { stdout, stderr, env }, stop.signal)
  } finally {
    clearTimeout(timer)
    stopListening()
  }
}

/** `perdura status` */
export async function runStatusCommand({ json }: { json: boolean }): Promise<number> {
  const server = await findServer(surroundings())
  const status = await readStatus(server, await keptClient(server))
  if (json) stdout.write(toJsonLine(status))
  else for (const line of statusLines(status, createPalette(stdout, env))) stdout.write(`${line}\n`)
  if (status.health.reachable) return status.health.ready ? exitCodes.success : exitCodes.unavailable
  const message = server.run ? notRunningMessage : `${server.url} does not answer. Check PERDURA_URL.`
  throw new CommandError(exitCodes.unavailable, message)
}

export type ConversationsOptions = { json: boolean; waiting?: boolean; stalled?: boolean }

/** `perdura conversations`: one's own, or with the operator's key those of all owners that wait or are stalled. */
export async function runConversationsCommand({
  json,
  waiting,
  stalled,
}: ConversationsOptions): Promise<number> {
  const state = waiting ? 'waiting' : stalled ? 'stalled' : undefined
  const adminKey = env.PERDURA_ADMIN_KEY
  if (state !== undefined && adminKey) {
    const { url } = await findServer(surroundings())
    const page = await createClient({ url, token: adminKey }).listWatchedConversations({ state })
    if (json) stdout.write(toJsonLine(page))
    else for (const line of watchedLines(page)) stdout.write(`${line}\n`)
    return exitCodes.success
  }
  const client = await connect(surroundings(), say)
  if (json) stdout.write(toJsonLine(await client.listConversations(state === undefined ? {} : { state })))
  else for (const line of await conversationLines(client, state)) stdout.write(`${line}\n`)
  return exitCodes.success
}

/** `perdura search` */
export async function runSearchCommand(words: string, { json }: { json: boolean }): Promise<number> {
  const client = await connect(surroundings(), say)
  const page = await client.listConversations({ q: words })
  if (json) stdout.write(toJsonLine(page))
  else if (page.conversations.length === 0) say('Nothing was found.')
  else for (const line of page.conversations.flatMap(searchLines)) stdout.write(`${line}\n`)
  return exitCodes.success
}

/** `perdura usage` */
export async function runUsageCommand(options: { conversation?: string; json: boolean }): Promise<number> {
  const client = await connect(surroundings(), say)
  const { conversation } = options
  const report = await client.getUsage(conversation === undefined ? {} : { conversationId: conversation })
  if (options.json) stdout.write(toJsonLine(report))
  else for (const line of usageLines(report)) stdout.write(`${line}\n`)
  return exitCodes.success
}

/** `perdura services` */
export async function runServicesCommand({ json }: { json: boolean }): Promise<number> {
  const key = env.PERDURA_ADMIN_KEY
  if (!key) {
    const message = 'This is for operators: set PERDURA_ADMIN_KEY to the key that the server has.'
    throw new CommandError(exitCodes.usage, message)
  }
  const { url } = await findServer(surroundings())
  const answer = await createClient({ url, token: key }).listServices()
  if (json) stdout.write(toJsonLine(answer))
  else for (const line of serviceLines(answer.services)) stdout.write(`${line}\n`)
  return exitCodes.success
}

/** `perdura export` */
export async function runExportCommand(id: string, { format, output }: ExportOptions): Promise<number> {
  const client = await connect(surroundings(), say)
  try {
    if (output === undefined) stdout.write(await client.exportConversation(id, format))
    else say(`Written: ${await writeExport(client, id, { format, file: output })}`)
  } catch (error) {
    throw explainMissing(error, id)
  }
  return exitCodes.success
}

export type ExportOptions = { format: ExportFormat; output?: string }

/** `perdura import` */
export async function runImportCommand(file: string): Promise<number> {
  const exported = await readExport(file)
  const client = await connect(surroundings(), say)
  const { id } = await client.importConversation(exported)
  stdout.write(`${id}\n`)
  return exitCodes.success
}

/** Looking at the status makes no guest. */
async function keptClient(server: Server) {
  const token = env.PERDURA_TOKEN || (await findToken(tokenPath(surroundings()), server))
  return token ? createClient({ url: server.url, token }) : undefined
}
