import type { ConversationExport, ExportedMessage } from '../schemas/conversation-export.ts'
import type { Database } from '../store/database.ts'
import { type ExportHead, readExportedMessages } from '../store/exports.ts'

const inputLimit = 2_000
const resultLimit = 4_000

/**
 * Writes the present branch for people to read. What anybody has said stands in fences that it cannot close, so a
 * heading is always one of ours.
 */
export async function* writeExportMarkdown(database: Database, head: ExportHead): AsyncGenerator<string> {
  yield toHeading(head.conversation)
  const names = new Map<string, string>()
  for await (const { message } of readExportedMessages(database, head, { presentOnly: true })) {
    for (const { callId, name } of message.toolCalls ?? []) names.set(callId, name)
    yield toSection(message, names.get(message.callId ?? '') ?? 'tool')
  }
}

function toHeading({ title, model, createdAt, instructions }: ConversationExport['conversation']): string {
  return [
    `# ${toLine(title)}`,
    `Begun ${toTime(createdAt)}, exported ${toTime(new Date().toISOString())}. Model: ${toCode(model)}.`,
    ...(instructions === undefined ? [] : ['## Instructions', toFence(instructions)]),
  ].join('\n\n')
}

function toSection({ role, text = '', createdAt, state, ...message }: ExportedMessage, tool: string): string {
  const when = state === 'done' ? toTime(createdAt) : `${toTime(createdAt)}, ${state}`
  switch (role) {
    case 'user':
      return section(`## User, ${when}`, toFence(text))
    case 'note':
      return section(`## Note, ${when}`, toFence(text))
    case 'assistant': {
      const by = message.model === undefined ? '' : ` (${toCode(message.model)})`
      const calls = (message.toolCalls ?? []).flatMap((call) => [
        `### Calls ${toCode(call.name)}`,
        ...toCut(call.arguments, inputLimit, 'json'),
      ])
      return section(
        `## Assistant, ${when}${by}`,
        ...(text === '' ? [] : [toFence(text, 'markdown')]),
        ...calls,
      )
    }
    case 'tool': {
      const status = message.result === undefined ? '' : `, ${message.result.status}`
      return section(`### Result of ${toCode(tool)}${status}`, ...toCut(text, resultLimit, 'json'))
    }
  }
}

function section(...parts: string[]): string {
  return `\n\n${parts.join('\n\n')}`
}

function toCut(text: string, limit: number, language: string): string[] {
  if (text.length <= limit) return [toFence(text, language)]
  const cut = text.slice(0, limit).toWellFormed()
  return [toFence(cut, language), `(${text.length - limit} more characters are left out.)`]
}

/** A fence is longer than any run of its marks inside, so nothing inside ends it. */
function toFence(text: string, language = 'text'): string {
  const marks = '`'.repeat(Math.max(3, longestRun(text) + 1))
  return `${marks}${language}\n${withoutControls(text)}\n${marks}`
}

function toCode(text: string): string {
  const marks = '`'.repeat(longestRun(text) + 1)
  const edge = marks === '`' ? '' : ' '
  return `${marks}${edge}${toOneLine(text)}${edge}${marks}`
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0)
}

/** Text on a line of ours: every mark that could mean something is only itself. */
function toLine(text: string): string {
  return toOneLine(text).replaceAll(/[!-/:-@[-`{-~]/g, String.raw`\$&`)
}

function toOneLine(text: string): string {
  return withoutControls(text).replaceAll(/\s+/g, ' ').trim()
}

/** Controls of a terminal, and marks that turn the direction of what follows, become visible. */
function withoutControls(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu, (mark) =>
      mark === '\n' || mark === '\t' ? mark : '\uFFFD',
    )
}

function toTime(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`
}
