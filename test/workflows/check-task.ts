import type { MessageId, RequestId, TurnId } from '../../src/contracts/ids.ts'
import type { RoundRef, StatusAnswer } from '../../src/contracts/turn.ts'
import { type Asked, isWrite, turnOf } from './asked.ts'
import type { FakeDatabase } from './fake-database.ts'

import type { FakeRun, Job } from './fake-run.ts'

/** What the workflow has been told so far. */
export type Told = {
  ended: Set<TurnId>
  stopped: Set<TurnId>
  signalled: Set<MessageId>
  asked: Set<RequestId>
}

/** Handles a task, and throws what must never be so after one. */
export async function checkTask(
  { run, db, told }: { run: FakeRun; db: FakeDatabase; told: Told },
  jobs: readonly Job[],
  handle: () => Promise<void>,
): Promise<void> {
  const { pending } = run.engine
  const pendingBefore = new Set(pending.keys())
  const running = run.loop.status().turnId
  for (const job of jobs) {
    noteStop(job, running, told)
    noteEnd(job, pending.get(job.kind === 'activity' ? job.seq : -1)?.asked, told)
  }
  await handle()
  for (const job of jobs) noteRequests(job, told)
  for (const { seq, asked } of pending.values()) {
    if (!pendingBefore.has(seq)) assertMayBegin(asked, db, told)
  }
  const asked = [...pending.values()].map((activity) => activity.asked)
  if (new Set(asked.map(turnOf)).size > 1) throw new Error('Activities of several turns run.')
  if (run.next !== undefined && asked.length > 0) throw new Error('An activity runs over continue-as-new.')
  if (run.next !== undefined) return
  assertConsistent(run, asked, db)
  const { state } = run.loop.status()
  const isWoken = jobs.some(({ kind }) => kind === 'message' || kind === 'withdraw' || kind === 'activity')
  if (isWoken && run.engine.isLong && state === 'waiting' && asked.length === 0) {
    throw new Error('It waits on in a run that must end.')
  }
}

function noteStop(job: Job, running: TurnId | undefined, { stopped, signalled }: Told): void {
  if (job.kind === 'withdraw') signalled.add(job.messageId)
  const isMeant = job.kind === 'stop' && (job.turnId ?? running) === running
  const interrupts = job.kind === 'message' && job.message.busyPolicy === 'interrupt'
  const isNew = job.kind === 'message' && !signalled.has(job.message.messageId)
  if (job.kind === 'message') signalled.add(job.message.messageId)
  if (running !== undefined && (isMeant || (interrupts && isNew))) stopped.add(running)
}

function noteEnd(job: Job, asked: Asked | undefined, { ended }: Told): void {
  if (job.kind !== 'activity' || asked === undefined || 'error' in job.result) return
  const { value } = job.result
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined
  // Summing up before a round ends nothing.
  const mayEnd =
    asked.kind === 'callModel' || (asked.kind === 'compactHistory' && asked.round.purpose === 'compact')
  const isOver = mayEnd && (kind === 'finished' || kind === 'nothing')
  if (asked.kind === 'finishTurn' || isOver) ended.add(turnOf(asked))
}

function noteRequests(job: Job, { asked }: Told): void {
  if (job.kind !== 'activity' || 'error' in job.result) return
  for (const requestId of listRequests(job.result.value)) asked.add(requestId)
}

/** The requests that an activity told of. */
function listRequests(value: unknown): RequestId[] {
  if (typeof value !== 'object' || value === null) return []
  if ('requestId' in value && typeof value.requestId === 'string') return [value.requestId]
  return Object.values(value).flatMap(listRequests)
}

function assertMayBegin(asked: Asked, db: FakeDatabase, { ended, stopped, signalled }: Told): void {
  const turnId = turnOf(asked)
  if (ended.has(turnId)) throw new Error(`${asked.kind} of ${turnId} after its end.`)
  if (isWrite(asked)) return
  if (stopped.has(turnId)) throw new Error(`${asked.kind} of ${turnId} after its Stop.`)
  if (db.ends.has(turnId)) throw new Error(`${asked.kind} of ${turnId} after its end in the database.`)
  const interrupting = db.messages.filter(
    ({ messageId, state, busyPolicy }) =>
      busyPolicy === 'interrupt' && state === 'queued' && signalled.has(messageId) && !isOf(asked, messageId),
  )
  if (interrupting.length > 0) throw new Error(`${asked.kind} while a message interrupts.`)
  if (asked.kind === 'callModel') assertNotesInPlace(asked.round, db, signalled)
}

/** Notes come with the beginning of a turn, and begin one only when no message waits. */
function assertNotesInPlace(
  { round, trigger, messageIds, steered = [], compacted }: RoundRef,
  db: FakeDatabase,
  signalled: Told['signalled'],
): void {
  const isNote = (id: MessageId) => db.messages.some(({ messageId, note }) => messageId === id && note)
  if (round > 0 && steered.some(isNote)) throw new Error('A note joins a turn that runs.')
  if (messageIds.some(isNote) !== (trigger === 'background'))
    throw new Error(`A note begins a ${trigger} turn.`)
  if (trigger !== 'background' || round > 0 || compacted) return
  const waiting = db.messages.filter(
    ({ messageId, state, note }) =>
      !note && state === 'queued' && signalled.has(messageId) && !steered.includes(messageId),
  )
  if (waiting.length > 0) throw new Error('A note goes before a message.')
}

/** The state that is shown is the one that is. */
function assertConsistent({ loop, engine }: FakeRun, asked: readonly Asked[], db: FakeDatabase): void {
  const status = loop.status()
  const fault = findFault(status, asked)
  if (fault !== undefined) throw new Error(`${fault}: ${JSON.stringify({ status, asked })}`)
  const waits = status.state === 'waiting'
  if (status.state !== 'cancelling' && (engine.appearance.needsHuman ?? false) !== waits) {
    throw new Error(
      `NeedsHuman is ${engine.appearance.needsHuman} while the conversation is ${status.state}.`,
    )
  }
  if (!waits || asked.length > 0) return
  const open = db.requests.filter((request) => request.turnId === status.turnId && !request.outcome)
  const ids = open.map(({ ref }) => ref.requestId).toSorted()
  const shown = (status.waitingFor ?? []).map(({ requestId }) => requestId).toSorted()
  if (ids.join() !== shown.join()) throw new Error(`It waits for ${shown.join()}, open is ${ids.join()}.`)
  for (const id of ids) if (!engine.details.includes(id)) throw new Error(`The details do not show ${id}.`)
}

const toolKinds = [
  'runTool',
  'runToolStep',
  'failToolCall',
  'beginBackgroundCall',
  'startBackgroundCall',
] as const

function findFault({ state, queued, waitingFor }: StatusAnswer, asked: readonly Asked[]): string | undefined {
  const kinds = new Set(asked.map(({ kind }) => kind))
  const runsTool = toolKinds.some((kind) => kinds.has(kind))
  switch (state) {
    case 'idle':
      if (asked.length > 0) return 'It is idle while something runs'
      return queued > 0 ? 'It is idle while a message waits' : undefined
    case 'thinking':
      return kinds.has('callModel') || kinds.has('compactHistory') || kinds.has('finishTurn')
        ? undefined
        : 'It thinks of nothing'
    case 'tools':
      return runsTool || kinds.has('finishTurn') ? undefined : 'It runs no tool'
    case 'waiting':
      if (runsTool || kinds.has('callModel')) return 'It waits while something runs'
      return waitingFor === undefined && asked.length === 0 ? 'It waits for nobody' : undefined
    case 'cancelling':
      return asked.length > 0 ? undefined : 'It is cancelling nothing'
  }
}

function isOf(asked: Asked, messageId: MessageId): boolean {
  return (
    (asked.kind === 'callModel' || asked.kind === 'compactHistory') &&
    asked.round.messageIds.includes(messageId)
  )
}
