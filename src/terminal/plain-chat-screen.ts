import type { ChatScreen } from './chat-screen.ts'
import type { ChatStatus } from './chat-rows.ts'
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
  #disconnected = false

  constructor(stream: TerminalStream) {
    this.#stream = stream
  }

  show(narration: Narration): void {
    if (narration.kind === 'answer') return this.#write(narration.text)
    if (this.#tail !== '\n') this.#write('\n')
    if (narration.kind === 'line') this.#write(`${narration.text}\n`)
  }

  refresh(view: ConversationView, status: ChatStatus): void {
    const fresh = view.queue.filter(({ id }) => !this.#queued.has(id))
    for (const { content } of fresh) this.show({ kind: 'line', text: `queued: ${toPlainLine(content.text)}` })
    this.#queued = new Set(view.queue.map(({ id }) => id))
    if (status.disconnected && !this.#disconnected) {
      this.show({ kind: 'line', text: 'The connection was lost; trying again.' })
    }
    this.#disconnected = status.disconnected
  }

  close(): void {
    if (this.#tail !== '\n') this.#write('\n')
  }

  #write(text: string): void {
    this.#stream.write(text)
    this.#tail = text.slice(-1) || this.#tail
  }
}
