import type { VerbatimFact } from '../../contracts/context.ts'
import type { CompactedMessage } from '../../store/compactions.ts'
import { findFacts, findUserFacts, listHexValues } from './verbatim-facts.ts'

/** A conversation's older part, as it is read for its summary. */
export type Transcript = {
  /** In order; each fits one question to the model that sums up. */
  pieces: string[]
  facts: VerbatimFact[]
  /** Addresses and hashes that stand anywhere in it, in small letters. */
  known: Set<string>
  tokens: number
}

export type TranscriptOptions = {
  pieceCharacters: number
  /** More than that is too much to be read again: of the oldest ones only the facts count. */
  pieceLimit: number
  countTokens(text: string): number
}

/** A message says what it says at its beginning and its end; results are for their facts. */
const messageLimit = 8_000
const resultLimit = 2_000

/** Reads messages to their end: what the model that sums up is given of them, and what code finds in them. */
export async function readTranscript(
  messages: AsyncIterable<CompactedMessage>,
  { pieceCharacters, pieceLimit, countTokens }: TranscriptOptions,
): Promise<Transcript> {
  const transcript: Transcript = { pieces: [], facts: [], known: new Set(), tokens: 0 }
  const tools = new Map<string, string>()
  let piece = ''
  for await (const message of messages) {
    for (const { callId, name } of message.toolCalls ?? []) tools.set(callId, toPlainName(name))
    const tool = tools.get(message.callId ?? '') ?? 'tool'
    addFacts(transcript, message, tool)
    transcript.tokens += countTokens(message.text ?? '') + countTokens(toCallText(message))
    const entry = toEntry(message, tool).slice(0, pieceCharacters)
    if (piece !== '' && piece.length + entry.length > pieceCharacters) {
      transcript.pieces = [...transcript.pieces, piece].slice(1 - pieceLimit)
      piece = ''
    }
    piece += entry
  }
  if (piece !== '') transcript.pieces.push(piece)
  return transcript
}

function addFacts(transcript: Transcript, message: CompactedMessage, tool: string): void {
  const { id, role, text, callId } = message
  for (const value of listHexValues(`${text ?? ''} ${toCallText(message)}`)) transcript.known.add(value)
  if (text === null) return
  if (role === 'tool') transcript.facts.push(...findFacts({ callId: callId ?? id, tool }, text))
  if (role === 'user') transcript.facts.push(...findUserFacts(id, text))
}

/** Models make up names, too: what reaches the list of facts of one is short and plain. */
function toPlainName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_.:-]/g, '?').slice(0, 64) || '?'
}

function toCallText({ toolCalls }: CompactedMessage): string {
  return (toolCalls ?? []).map(({ name, arguments: args }) => `${name}(${args})`).join('\n')
}

function toEntry(message: CompactedMessage, tool: string): string {
  const text = message.text ?? ''
  switch (message.role) {
    case 'user':
      return `[user]\n${cut(text, messageLimit)}\n\n`
    case 'note':
      return `[note of the system]\n${cut(text, messageLimit)}\n\n`
    case 'tool':
      return `[result of ${tool}]\n${cut(text, resultLimit)}\n\n`
    case 'assistant': {
      const calls = toCallText(message)
      const said = text === '' ? '' : `[assistant]\n${cut(text, messageLimit)}\n\n`
      return calls === '' ? said : `${said}[assistant called]\n${cut(calls, resultLimit)}\n\n`
    }
  }
}

function cut(text: string, limit: number): string {
  if (text.length <= limit) return text
  const half = Math.floor(limit / 2)
  return `${text.slice(0, half)}\n[… ${text.length - 2 * half} characters …]\n${text.slice(-half)}`
}
