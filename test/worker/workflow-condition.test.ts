import { randomBytes } from 'node:crypto'

import proto from '@temporalio/proto'
import { beforeEach, expect, test } from 'vitest'

import { workflowIdOf } from '../../src/contracts/ids.ts'
import { inspectWorkflow } from '../../src/worker/workflow-condition.ts'
import { type HandWorker, useHandWorkers } from './hand-worker.ts'

const workers = useHandWorkers()
const nonDeterminism = 'WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR'
const unhandledCommand = 'WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND'

let worker: HandWorker
beforeEach(() => {
  worker = workers().open()
})

/** A conversation whose workflow was told of one message. */
async function openConversation(): Promise<string> {
  const conversationId = `c_${randomBytes(6).toString('hex')}`
  await signal(conversationId, 1)
  return conversationId
}

function signal(conversationId: string, position: number): Promise<void> {
  const facts = { owner: { id: 'o_1' }, model: 'scripted/demo', turns: 0 }
  return worker.workflows.signalMessages({ conversationId, ...facts }, [
    { messageId: `m_${position}`, position },
  ])
}

function inspect(conversationId: string) {
  const { connection, client, namespace } = workers()
  return inspectWorkflow({ connection, workflows: client, namespace }, conversationId)
}

test('default: a workflow with nothing to do is fine', async () => {
  const id = await openConversation()
  await worker.completeTask()
  expect(await inspect(id)).toEqual({ kind: 'fine' })
})

test('behavior: one whose task waits for a worker is busy', async () => {
  const id = await openConversation()
  expect(await inspect(id)).toEqual({ kind: 'busy' })
  await worker.completeTask()
})

test('behavior: a task that failed twice makes it stuck, until one succeeds', async () => {
  const id = await openConversation()
  await worker.failTask(nonDeterminism, 'No such activity.')
  expect(await inspect(id)).toEqual({ kind: 'busy' })
  await worker.failTask(nonDeterminism, 'No such activity.')
  expect(await inspect(id)).toEqual({
    kind: 'stuck',
    attempt: 3,
    fault: { cause: 'non_deterministic_error', message: 'No such activity.' },
  })
  await worker.completeTask()
  expect(await inspect(id)).toEqual({ kind: 'fine' })
})

test('behavior: messages that come meanwhile hide nothing', async () => {
  const id = await openConversation()
  await worker.failTask(nonDeterminism, 'First.')
  await signal(id, 2)
  await worker.failTask(nonDeterminism, 'Second.')
  expect(await inspect(id)).toMatchObject({ kind: 'stuck', attempt: 2, fault: { message: 'Second.' } })
  await worker.completeTask()
})

test('behavior: tasks that are repeated because something came in are no fault', async () => {
  const id = await openConversation()
  await worker.failTask(unhandledCommand, '')
  await signal(id, 2)
  await worker.failTask(unhandledCommand, '')
  expect(await inspect(id)).toEqual({ kind: 'busy' })
  await worker.completeTask()
})

test('behavior: one that never was, or was terminated, is gone', async () => {
  expect(await inspect('c_none')).toEqual({ kind: 'gone' })
  const id = await openConversation()
  await workers().client.getHandle(workflowIdOf(id)).terminate()
  expect(await inspect(id)).toEqual({ kind: 'gone' })
})

test('behavior: one that failed as a whole is stuck, with its own message', async () => {
  const id = await openConversation()
  const commandType = proto.temporal.api.enums.v1.CommandType.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION
  const failWorkflowExecutionCommandAttributes = { failure: { message: 'Broken.' } }
  await worker.completeTask([{ commandType, failWorkflowExecutionCommandAttributes }])
  expect(await inspect(id)).toEqual({
    kind: 'stuck',
    attempt: 1,
    fault: { cause: 'workflow_failed', message: 'Broken.' },
  })
})
