import type { ChatScreen } from './chat-screen.ts'
import type { ChatStatus } from './chat-rows.ts'
import { connectionRemarks } from './connection-remarks.ts'
import type { ConversationView } from '../client/conversation-view.ts'
import type { TerminalStream } from './live-region.ts'
import type { Narration } from './narrator.ts'
import type { Palette } from './palette.ts'
import type { Prompt } from './prompts/prompt.ts'
import { hintRows, promptRows } from './prompts/prompt-rows.ts'
import { toPlainLine } from './text-filter.ts'

/** A chat where nothing can be redrawn: everything is told once, in lines. */
export class PlainChatScreen implements ChatScreen {
  readonly #stream: TerminalStream
  readonly #palette: Palette
  #tail = '\n'
  #queued = new Set<string>()
  #connection: ChatStatus['connection'] = 'good'
  #prompt: Prompt | undefined
  /** Remarks that wait for the end of the answer's line. */
  #held: string[] = []

  constructor(stream: TerminalStream, palette: Palette) {
    this.#stream = stream
    this.#palette = palette
  }

  get columns(): number {
    return Math.max(20, this.#stream.columns ?? 200)
  }

  show(narration: Narration): void {
    if (narration.kind === 'answer') return this.#write(narration.text)
    if (narration.kind === 'aside') return this.#remark(narration.text)
    if (this.#tail !== '\n') this.#write('\n')
    for (const remark of this.#held.splice(0)) this.#write(`${remark}\n`)
    if (narration.kind === 'line') this.#write(`${narration.text}\n`)
  }

  refresh(view: ConversationView, status: ChatStatus): void {
    const fresh = view.queue.filter(({ id }) => !this.#queued.has(id))
    for (const { content } of fresh) this.#remark(`queued: ${toPlainLine(content.text)}`)
    this.#queued = new Set(view.queue.map(({ id }) => id))
    if (status.connection !== 'good' && status.connection !== this.#connection) {
      this.#remark(connectionRemarks[status.connection])
    }
    this.#connection = status.connection
    if (status.prompt !== this.#prompt) this.#tellPrompt(status)
    this.#prompt = status.prompt
  }

  close(): void {
    if (this.#tail !== '\n') this.#write('\n')
    for (const remark of this.#held.splice(0)) this.#write(`${remark}\n`)
  }

  /** Each step of it is another prompt. */
  #tellPrompt({ prompt, conversationId }: ChatStatus): void {
    if (!prompt) return
    const { columns } = this
    const palette = this.#palette
    const options = {
      palette,
      columns,
      nowMs: Date.now(),
      listSize: 100,
      by: 'lines',
      conversationId,
    } as const
    for (const row of [...promptRows(prompt, options), ...hintRows(prompt, options)]) this.#remark(row)
  }

  #remark(text: string): void {
    if (this.#tail === '\n') this.#write(`${text}\n`)
    else this.#held.push(text)
  }

  #write(text: string): void {
    this.#stream.write(text)
    this.#tail = text.slice(-1) || this.#tail
  }
}
