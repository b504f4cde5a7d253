import type { CallOutcome, CallProgress, ScheduledCall, ToolProgressAnswer } from '../contracts/tool-call.ts'

/** Where the calls of the running round are. The workflow's own knowledge, answered by a query. */
export class CallProgressTable {
  #turnId: string | undefined
  readonly #calls = new Map<string, CallProgress>()

  beginTurn(turnId: string): void {
    this.#turnId = turnId
    this.#calls.clear()
  }

  beginCall({ callId, name, steps }: ScheduledCall): void {
    this.#calls.set(callId, {
      callId,
      name,
      status: 'running',
      ...(steps.length === 0 ? {} : { stepIndex: 0, stepCount: steps.length }),
      steps: steps.map((step) => ({ name: step.name, status: 'pending' })),
    })
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
    call.status = status
    const last = call.steps.find((step) => step.status === 'running')
    if (last !== undefined) last.status = status === 'ok' || status === 'cancelled' ? status : 'error'
  }

  /** Names of the calls that run, for the current details. */
  running(): string[] {
    return [...this.#calls.values()].flatMap(({ name, status, steps }) => {
      if (status !== 'running') return []
      const step = steps.find((candidate) => candidate.status === 'running')
      return [step === undefined ? name : `${name} (${step.name})`]
    })
  }

  answer(): ToolProgressAnswer {
    return {
      ...(this.#turnId === undefined ? {} : { turnId: this.#turnId }),
      calls: [...this.#calls.values()],
    }
  }
}
