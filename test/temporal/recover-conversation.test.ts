import { expect, test } from 'vitest'

import { callWorkflowIdOf, workflowIdOf } from '../../src/contracts/ids.ts'
import { backgroundWorkflowType } from '../../src/contracts/temporal-names.ts'
import { recoverConversation } from '../../src/temporal/recover-conversation.ts'
import { createBackgroundScript } from '../store/background-script.ts'
import { createTurnScript } from '../store/turn-script.ts'
import { createStore } from '../support/store.ts'
import { useHandWorkers } from '../worker/hand-worker.ts'

const store = await createStore()
const { database } = store
const workers = useHandWorkers()

/** A conversation with background calls, one of which has ended, whose turn runs and whose workflow is gone. */
async function loseWorkflow() {
  const turn = createTurnScript(database, await store.createConversation())
  const { begin, end, queue, refOf, noteOf } = createBackgroundScript(database, () => turn)
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 3)
  for (const index of [0, 1]) await begin(index)
  await end(1)
  await queue(1)
  return { turn, refOf, noteOf }
}

test('starts the background calls that a lost workflow did not come to start, and tells of those that ended', async () => {
  const { turn, refOf, noteOf } = await loseWorkflow()
  const { workflows } = workers().open()
  const { client } = workers()
  for (let repeat = 0; repeat < 2; repeat += 1) {
    await recoverConversation({ database, workflows }, turn.conversationId, turn.turnIdOf(1))
  }
  const described = await client.getHandle(callWorkflowIdOf(refOf(0).callId)).describe()
  expect(described).toMatchObject({ type: backgroundWorkflowType, status: { name: 'RUNNING' } })
  for (const index of [1, 2]) {
    const handle = client.getHandle(callWorkflowIdOf(refOf(index).callId))
    await expect(handle.describe()).rejects.toThrow('not found')
  }
  const { events } = await client.getHandle(workflowIdOf(turn.conversationId)).fetchHistory()
  const signals = (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) =>
    (signal?.input?.payloads ?? []).map(({ data }) => JSON.parse(Buffer.from(data ?? []).toString())),
  )
  expect(signals.at(-1)).toMatchObject({ messageId: noteOf(1), note: true })
})
