import { randomBytes } from 'node:crypto'

import { Connection, WorkflowClient } from '@temporalio/client'
import proto from '@temporalio/proto'
import { afterAll, beforeAll } from 'vitest'

import { createConversationWorkflows } from '../../src/api/conversation-workflows.ts'
import { temporalAddress } from '../support/servers.ts'

type FailedCause = keyof typeof proto.temporal.api.enums.v1.WorkflowTaskFailedCause
type Commands = proto.temporal.api.command.v1.ICommand[]

/** A worker by hand: workflow tasks are taken one by one, and the test says how each ends. */
export type HandWorker = {
  connection: Connection
  client: WorkflowClient
  namespace: string
  workflows: ReturnType<typeof createConversationWorkflows>
  failTask(cause: FailedCause, message: string): Promise<void>
  completeTask(commands?: Commands): Promise<void>
}

const pollTimeoutMs = 30_000

/** Call it at the top level of a test file. */
export function useHandWorker(): () => HandWorker {
  const namespace = 'default'
  const taskQueue = `hand-${randomBytes(6).toString('hex')}`
  let worker: HandWorker | undefined
  beforeAll(async () => {
    const connection = await Connection.connect({ address: await temporalAddress() })
    const client = new WorkflowClient({ connection, namespace })
    const { workflowService } = connection
    const takeTask = async () => {
      const request = { namespace, taskQueue: { name: taskQueue }, identity: 'test' }
      const { taskToken } = await connection.withDeadline(Date.now() + pollTimeoutMs, () =>
        workflowService.pollWorkflowTaskQueue(request),
      )
      return { namespace, taskToken, identity: 'test' }
    }
    worker = {
      connection,
      client,
      namespace,
      workflows: createConversationWorkflows({ connection, workflows: client, taskQueue }),
      async failTask(cause, message) {
        await workflowService.respondWorkflowTaskFailed({
          ...(await takeTask()),
          cause: proto.temporal.api.enums.v1.WorkflowTaskFailedCause[cause],
          failure: { message },
        })
      },
      async completeTask(commands = []) {
        await workflowService.respondWorkflowTaskCompleted({ ...(await takeTask()), commands })
      },
    }
  })
  afterAll(() => worker?.connection.close())
  return () => {
    if (worker === undefined) throw new Error('The worker is not there yet.')
    return worker
  }
}
