import { randomBytes } from 'node:crypto'

import { Connection, WorkflowClient } from '@temporalio/client'
import proto from '@temporalio/proto'
import { afterAll, beforeAll } from 'vitest'

import {
  type ConversationWorkflows,
  createConversationWorkflows,
} from '../../src/temporal/conversation-workflows.ts'
import { temporalAddress } from '../support/servers.ts'

type FailedCause = keyof typeof proto.temporal.api.enums.v1.WorkflowTaskFailedCause
type Commands = proto.temporal.api.command.v1.ICommand[]

/** A connection to the shared server, and workers by hand on it. */
export type HandWorkers = {
  connection: Connection
  client: WorkflowClient
  namespace: string
  open(): HandWorker
}

/** A worker on a task queue of its own: workflow tasks are taken one by one, and the test says how each ends. */
export type HandWorker = {
  workflows: ConversationWorkflows
  failTask(cause: FailedCause, message: string): Promise<void>
  completeTask(commands?: Commands): Promise<void>
}

const namespace = 'default'
const pollTimeoutMs = 30_000

/** Call it at the top level of a test file. */
export function useHandWorkers(): () => HandWorkers {
  let workers: HandWorkers | undefined
  beforeAll(async () => {
    const connection = await Connection.connect({ address: await temporalAddress() })
    const client = new WorkflowClient({ connection, namespace })
    workers = { connection, client, namespace, open: () => openHandWorker(connection, client) }
  })
  afterAll(() => workers?.connection.close())
  return () => {
    if (workers === undefined) throw new Error('The server is not there yet.')
    return workers
  }
}

function openHandWorker(connection: Connection, client: WorkflowClient): HandWorker {
  const { workflowService } = connection
  const taskQueue = `hand-${randomBytes(6).toString('hex')}`

  async function takeTask() {
    const { taskToken } = await connection.withDeadline(Date.now() + pollTimeoutMs, () =>
      workflowService.pollWorkflowTaskQueue({ namespace, taskQueue: { name: taskQueue }, identity: 'test' }),
    )
    return { namespace, taskToken, identity: 'test' }
  }

  return {
    workflows: createConversationWorkflows({ connection, workflows: client, taskQueue }),
    async failTask(name, message) {
      const cause = proto.temporal.api.enums.v1.WorkflowTaskFailedCause[name]
      await workflowService.respondWorkflowTaskFailed({ ...(await takeTask()), cause, failure: { message } })
    },
    async completeTask(commands = []) {
      await workflowService.respondWorkflowTaskCompleted({ ...(await takeTask()), commands })
    },
  }
}
