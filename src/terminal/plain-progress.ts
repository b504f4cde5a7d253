import type { CallEntry } from '../client/conversation-view.ts'
import type { StreamEvent } from '../contracts/event.ts'
import { toPlainLine } from './text-filter.ts'
import { describeProgress } from './tool-row.ts'

/** Progress inside a step is told at most this often for each call. */
const pauseMs = 1_000

/** Tells running tools in plain lines, for where nothing can be redrawn: each step, and now and then between. */
export class PlainProgress {
  readonly #told = new Map<string, { stepIndex: number | undefined; atMs: number }>()

  tell(event: StreamEvent & { type: `tool.${string}` }, call: CallEntry): string[] {
    // What a person has to allow has not begun, and what is denied never will.
    const mayRun = event.type !== 'tool.started' || (event.permission?.decision ?? 'allow') === 'allow'
    if (call.status !== 'running' || !mayRun) return []
    const atMs = Date.parse(event.ts)
    const told = this.#told.get(call.id)
    if (told && told.stepIndex === call.stepIndex && atMs - told.atMs < pauseMs) return []
    this.#told.set(call.id, { stepIndex: call.stepIndex, atMs })
    const progress = toPlainLine(describeProgress(call))
    return [`· ${toPlainLine(call.title)}${progress === '' ? '' : `  ${progress}`}`]
  }
}
