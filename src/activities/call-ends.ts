import { setImmediate as breathe } from 'node:timers/promises'

import type { ToolCallRef } from '../contracts/activity-interface.ts'
import type { CallId } from '../contracts/ids.ts'
import type { ToolStatus } from '../contracts/tool-call.ts'
import type { Database } from '../store/database.ts'
import type { NewEvent } from '../store/event-log.ts'
import { type CallEnd, type EndedCall, finishCalls } from '../store/tool-calls.ts'
import { untilDatabaseAnswers } from './until-database-answers.ts'

/** Stores the ends of calls that run side by side: those that come together, or while others are written, at once. */
export class CallEnds {
  readonly #turn: Pick<ToolCallRef, 'conversationId' | 'turnId'>
  readonly #database: Database
  readonly #signal: AbortSignal
  #next: EndedCall[] = []
  #writing: Promise<ReadonlyMap<CallId, ToolStatus>> | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** `signal` gives up while the database is away. */
  constructor(turn: Pick<ToolCallRef, 'conversationId' | 'turnId'>, database: Database, signal: AbortSignal) {
    this.#turn = turn
    this.#database = database
    this.#signal = signal
  }

  /** Resolves with the status that stands. */
  async store(callId: CallId, end: CallEnd, events: readonly NewEvent[]): Promise<ToolStatus> {
    this.#next.push({ callId, end, events })
    this.#writing ??= this.#write()
    const statuses = await this.#writing
    return statuses.get(callId) ?? end.status
  }

  async #write(): Promise<ReadonlyMap<CallId, ToolStatus>> {
    await Promise.allSettled([this.#last, breathe()])
    const ended = this.#next
    this.#next = []
    this.#writing = undefined
    const { conversationId, turnId } = this.#turn
    const written = untilDatabaseAnswers(this.#signal, () =>
      finishCalls(this.#database, { conversationId, turnId }, ended),
    )
    this.#last = written
    return written
  }
}
