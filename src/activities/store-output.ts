import type { ToolCallRef } from '../contracts/activity-interface.ts'
import type { BegunTry, CallEnd } from '../store/tool-calls.ts'
import { writeResult } from '../store/results.ts'
import type { ActivityScope } from './activity-scope.ts'
import type { ActivityServices } from './activity-services.ts'
import type { PackedOutput } from './pack-output.ts'
import { beginningOf, toCutText } from './result-text.ts'
import { untilDatabaseAnswers } from './until-database-answers.ts'

type StoringTry = {
  ref: ToolCallRef
  begun: Pick<Extract<BegunTry, { outcome: 'run' }>, 'readsOn' | 'owner'>
  scope: ActivityScope
  services: Pick<ActivityServices, 'database' | 'resultGate'>
}

/**
 * Turns what a tool has put out into the end of its call; the pieces of a large output are stored first. Neither
 * Stop nor shutdown undoes what the tool has done, so they do not end this; rejects only when the worker is about to
 * be ended by force.
 */
export async function storeOutput(
  { ref, begun, scope, services }: StoringTry,
  packed: PackedOutput,
): Promise<CallEnd> {
  const { callId } = ref
  const { readsOn } = begun
  if (packed.kind === 'small') {
    const { output, text } = packed
    const beginning = beginningOf(text)
    const isWhole = beginning.length === text.length
    const shown = isWhole ? text : toCutText({ callId, beginning, totalChars: text.length, readsOn })
    return { status: 'ok', output, error: null, text: shown }
  }
  const { beginning, totalChars, utf8 } = packed
  const leave = await services.resultGate.enter(utf8.length, scope.storing, begun.owner)
  try {
    const large = await writeResult(services.database, callId, packed, (one) => {
      scope.storing.throwIfAborted()
      return untilDatabaseAnswers(scope.storing, one)
    })
    const text = toCutText({ callId, beginning, totalChars, readsOn })
    return { status: 'ok', output: undefined, large, error: null, text }
  } finally {
    leave()
  }
}
