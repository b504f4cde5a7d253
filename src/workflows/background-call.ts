import { defineQuery, setHandler } from '@temporalio/workflow'

import type { BackgroundCall } from '../contracts/activity-interface.ts'
import { queryNames } from '../contracts/temporal-names.ts'
import type { ToolProgressAnswer } from '../contracts/tool-call.ts'
import { CallProgressTable } from './call-progress.ts'
import { runBackgroundCall } from './run-background-call.ts'
import { createTemporalEngine } from './temporal-engine.ts'

const toolProgress = defineQuery<ToolProgressAnswer>(queryNames.toolProgress)

/** One call that goes on beyond its turn. Its history is as long as the tool has steps. */
export async function backgroundCall(input: BackgroundCall): Promise<void> {
  const calls = new CallProgressTable()
  setHandler(toolProgress, () => calls.answer())
  await runBackgroundCall(input, calls, createTemporalEngine())
}
