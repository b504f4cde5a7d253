import type { ChatScreen } from './chat-screen.ts'
import type { ChatStatus } from './chat-rows.ts'
import { connectionRemarks } from './connection-remarks.ts'
import type { ConversationView } from '../client/conversation-view.ts'
import type { TerminalStream } from './live-region.ts'
import type { Narration } from './narrator.ts'
import { toPlainLine } from './text-filter.ts'

/** A chat where nothing can be redrawn: everything is told once, in lines. */
export class PlainChatScreen implements ChatScreen {
  readonly columns = 200
  readonly #stream: TerminalStream
  #tail = '\n'
  #queued = new Set<string>()
  #connection: ChatStatus['connection'] = 'good'
  /** Remarks that wait for the end of the answer's line. */
  #held: string[] = []

  constructor(stream: TerminalStream) {
    this.#stream = stream
  }

  show(narration: Narration): void {
    if (narration.kind === 'answer') return this.#write(narration.text)
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
  }

  close(): void {
    if (this.#tail !== '\n') this.#write('\n')
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
