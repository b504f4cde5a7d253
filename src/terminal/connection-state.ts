import type { ConnectionChange } from '../client/follow-events.ts'
import type { ChatStatus } from './chat-rows.ts'

/** How long it is said that the connection is back, in milliseconds. */
const remarkMs = 4_000

/** What a chat says about its connection: nothing, that it is lost, and for a while that it is back. */
export class ConnectionState {
  readonly #onChange: () => void
  current: ChatStatus['connection'] = 'good'

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  note(change: ConnectionChange): void {
    if (change.kind === 'lost') this.#become('lost')
    else if (this.current === 'lost') {
      this.#become('again')
      setTimeout(() => this.current === 'again' && this.#become('good'), remarkMs).unref()
    }
  }

  #become(state: ChatStatus['connection']): void {
    this.current = state
    this.#onChange()
  }
}
