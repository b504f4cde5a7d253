import type { CallOutcome, CallProgress, ScheduledCall, ToolProgressAnswer } from '../contracts/tool-call.ts'

/** Where the calls of the running round are. The workflow's own knowledge, answered by a query. */
export class CallProgressTable {
  #turnId: string | undefined
  readonly #calls = new Map<string, CallProgress>()

  beginTurn(turnId: string): void {
    this.#turnId = turnId
    this.#calls.clear()
  }

  beginCall({ callId, name, steps, request }: ScheduledCall): void {
    this.#calls.set(callId, {
      callId,
      name,
      status: request === undefined ? 'running' : 'waiting',
      ...(steps.length === 0 ? {} : { stepIndex: 0, stepCount: steps.length }),
      steps: steps.map((step) => ({ name: step.name, status: 'pending' })),
    })
  }

  /** The call waits for a person, or goes on. */
  setStatus({ callId }: ScheduledCall, status: 'running' | 'waiting'): void {
    const call = this.#calls.get(callId)
    if (call === undefined) return
    call.status = status
    const step = call.steps.find((candidate) => candidate.status === 'running')
    // It has only found out that it must ask first, and runs again.
    if (status === 'waiting' && step !== undefined) step.status = 'pending'
  }

  beginStep({ callId }: ScheduledCall, stepIndex: number): void {
    const call = this.#calls.get(callId)
    if (call === undefined) return
    call.stepIndex = stepIndex
    for (const [index, step] of call.steps.entries()) {
      if (index < stepIndex) step.status = 'ok'
      if (index === stepIndex) step.status = 'running'
    }
  }

  endCall({ callId }: ScheduledCall, { status }: CallOutcome): void {
    const call = this.#calls.get(callId)
    if (call === undefined) return
    // What goes on in the background answers for itself.
    if (status === 'running') this.#calls.delete(callId)
    call.status = status
    const last = call.steps.find((step) => step.status === 'running')
    if (last !== undefined) last.status = status === 'ok' || status === 'cancelled' ? status : 'error'
  }

  count(status: CallProgress['status']): number {
    return [...this.#calls.values()].filter((call) => call.status === status).length
  }

  /** A line for each call that is open, for the current details. */
  describe(): string[] {
    return [...this.#calls.values()].flatMap(({ name, status, steps }) => {
      if (status === 'waiting') return [`- waiting: \`${name}\``]
      if (status !== 'running') return []
      const step = steps.find((candidate) => candidate.status === 'running')
      return [`- running: \`${step === undefined ? name : `${name} (${step.name})`}\``]
    })
  }

  answer(): ToolProgressAnswer {
    return {
      ...(this.#turnId === undefined ? {} : { turnId: this.#turnId }),
      calls: [...this.#calls.values()],
    }
  }
}
