import type { TurnId } from '../contracts/ids.ts'
import type { StatusAnswer, TurnEnd } from '../contracts/turn.ts'
import type { CallProgressTable } from './call-progress.ts'
import { type Change, nextPhase, type Phase } from './conversation-phase.ts'
import type { Engine } from './engine.ts'
import type { MessageQueue } from './message-queue.ts'
import type { OpenRequests } from './open-requests.ts'

export type StateParts = {
  engine: Pick<Engine, 'describe' | 'index' | 'now'>
  queue: MessageQueue
  calls: CallProgressTable
  requests: Pick<OpenRequests, 'list'>
}

/** What the conversation is doing, shown to queries and to the Temporal UI. */
export class StateOfConversation {
  readonly #parts: StateParts
  #phase: Phase = { state: 'idle' }
  #turns: number
  #lastEnd: string | undefined
  #waitingSinceMs: number | undefined
  #waitedMs = 0
  #needsHuman: boolean
  #isCompacting = false
  /** Told by the latest model call. */
  model: string | undefined

  /** `needsHuman`: an earlier run has left the search attribute so. */
  constructor(parts: StateParts, turns: number, needsHuman: boolean) {
    this.#parts = parts
    this.#turns = turns
    this.#needsHuman = needsHuman
  }

  get phase(): Phase {
    return this.#phase
  }

  get turns(): number {
    return this.#turns
  }

  /** The older part of the conversation is being summed up. */
  set isCompacting(isCompacting: boolean) {
    this.#isCompacting = isCompacting
    this.describe()
  }

  get runningTurnId(): TurnId | undefined {
    return this.#phase.state === 'idle' ? undefined : this.#phase.turnId
  }

  /** How long turns of this run have waited for people, with nothing else to do. */
  get waitedMs(): number {
    const since = this.#waitingSinceMs
    return this.#waitedMs + (since === undefined ? 0 : this.#parts.engine.now() - since)
  }

  countTurn(): number {
    return ++this.#turns
  }

  change(change: Change): void {
    const before = this.#phase.state
    this.#phase = nextPhase(this.#phase, change)
    if (before !== this.#phase.state) this.#noteWaiting(before)
    this.describe()
  }

  /** Brings the phase in line with what the calls of the round are doing. */
  settleCalls(): void {
    const { calls } = this.#parts
    const waits = calls.count('running') === 0 && calls.count('waiting') > 0
    this.change({ kind: waits ? 'onlyPeopleAwaited' : 'toolsRun' })
  }

  endTurn({ outcome, code }: TurnEnd): void {
    this.#lastEnd = code === undefined ? outcome : `${outcome} (${code})`
    this.change({ kind: 'turnEnded' })
    const { engine } = this.#parts
    engine.index({
      state: this.#phase.state,
      ...(this.#needsHuman ? { needsHuman: false } : {}),
      ...(this.model === undefined ? {} : { model: this.model }),
      endedAtMs: engine.now(),
    })
    this.#needsHuman = false
  }

  answer(): StatusAnswer {
    const waitingFor = this.#parts.requests.list()
    return {
      ...this.#phase,
      queued: this.#parts.queue.length,
      turns: this.#turns,
      ...(waitingFor.length === 0
        ? {}
        : {
            waitingFor: waitingFor.map(({ requestId, kind, expiresAtMs }) => ({
              requestId,
              kind,
              expiresAt: toTime(expiresAtMs),
            })),
          }),
    }
  }

  /** Refreshes the details in the Temporal UI; facts only, never what anybody said. */
  describe(): void {
    const { calls, queue, requests } = this.#parts
    const phase = this.#phase
    const lines = [
      `**${phase.state}**`,
      phase.state === 'idle'
        ? `${count(this.#turns, 'turn')}${this.#lastEnd === undefined ? '' : `, the last one: ${this.#lastEnd}`}`
        : `Turn \`${phase.turnId}\`, round ${phase.round}`,
      this.#isCompacting ? '- running: sums up the older part' : '',
      ...calls.describe(),
      ...requests
        .list()
        .map(
          ({ requestId, kind, expiresAtMs }) =>
            `- waits for a person: ${kind} \`${requestId}\`, until ${toTime(expiresAtMs)}`,
        ),
      queue.messages === 0 ? '' : `${count(queue.messages, 'message')} queued`,
      queue.notes === 0 ? '' : `${count(queue.notes, 'background result')} to be told`,
      queue.messages + queue.notes === queue.length ? '' : 'It is to be summed up',
    ]
    this.#parts.engine.describe(lines.filter((line) => line !== '').join('\n\n'))
  }

  #noteWaiting(before: Phase['state']): void {
    const { engine } = this.#parts
    if (before === 'waiting' && this.#waitingSinceMs !== undefined) {
      this.#waitedMs += engine.now() - this.#waitingSinceMs
      this.#waitingSinceMs = undefined
    }
    if (this.#phase.state === 'waiting') this.#waitingSinceMs = engine.now()
    const needsHuman = this.#phase.state === 'waiting'
    // A turn that was cut goes on to wait at once; the end of one writes the attributes, and a stop leads there.
    const isPassing = before === 'idle' || this.#phase.state === 'idle' || this.#phase.state === 'cancelling'
    if (needsHuman === this.#needsHuman || isPassing) return
    this.#needsHuman = needsHuman
    engine.index({ state: this.#phase.state, needsHuman })
  }
}

function toTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`
}
