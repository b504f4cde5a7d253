import {
  ApplicationFailure,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client'
import { expect, test } from 'vitest'

import { toAnswerVerdict } from '../../src/temporal/answer-verdict.ts'

const reachable = () => Promise.resolve(true)
const away = () => Promise.resolve(false)

const refused = (type: string, ...details: unknown[]) =>
  new WorkflowUpdateFailedError(
    'Workflow Update failed',
    ApplicationFailure.create({ type, details, nonRetryable: true }),
  )
const grpcError = (code: number) => Object.assign(new Error('x'), { code, details: 'x', metadata: {} })
const exhausted = () => new Error('Workflow Update failed', { cause: grpcError(8) })

test('says why a workflow refused an answer', async () => {
  expect(await toAnswerVerdict(refused('request_resolved', 'approved'), reachable)).toEqual({
    kind: 'resolved',
    outcome: 'approved',
  })
  expect(await toAnswerVerdict(refused('request_expired'), reachable)).toEqual({
    kind: 'resolved',
    outcome: 'expired',
  })
  expect(await toAnswerVerdict(refused('request_unknown'), reachable)).toEqual({ kind: 'unknown' })
  const gone = new WorkflowNotFoundError('gone', 'conversation:c', undefined)
  expect(await toAnswerVerdict(gone, reachable)).toEqual({ kind: 'gone' })
})

test('behavior: a workflow whose task is tried again cannot say yet', async () => {
  const retried = new Error('Workflow Update failed', { cause: grpcError(9) })
  expect(await toAnswerVerdict(retried, reachable)).toEqual({ kind: 'unknown' })
})

test.for([
  ['nobody takes it in time', new WorkflowUpdateRPCTimeoutOrCancelledError('late')],
  ['ten others wait', exhausted()],
])('error: no_worker when %s, unless the server is away', async ([, error]) => {
  await expect(toAnswerVerdict(error, reachable)).rejects.toMatchObject({
    code: 'no_worker',
    retryAfterMs: expect.any(Number),
  })
  await expect(toAnswerVerdict(error, away)).rejects.toMatchObject({ code: 'temporal_unavailable' })
})

test('error: a server that cannot be reached, and faults that are none of these', async () => {
  const unavailable = new Error('Workflow Update failed', { cause: grpcError(14) })
  await expect(toAnswerVerdict(unavailable, away)).rejects.toMatchObject({ code: 'temporal_unavailable' })
  for (const fault of [refused('anything'), refused('request_resolved', 'nonsense'), new Error('fault')]) {
    await expect(toAnswerVerdict(fault, reachable)).rejects.not.toHaveProperty('code')
  }
})
