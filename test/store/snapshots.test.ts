import { expect, test } from 'vitest'

import { applyEvent } from '../../src/client/apply-event.ts'
import { type ConversationView, emptyView } from '../../src/client/conversation-view.ts'
import { viewOfSnapshot } from '../../src/client/view-of-snapshot.ts'
import { applyFallback } from '../../src/store/fallbacks.ts'
import { editMessage, withdrawMessage } from '../../src/store/messages.ts'
import { keepAnswer, resolveRequest } from '../../src/store/requests.ts'
import { finishCall } from '../../src/store/tool-calls.ts'
import { createPostgresEventLog } from '../../src/store/postgres-event-log.ts'
import { getSnapshot } from '../../src/store/snapshots.ts'
import { createStore } from '../support/store.ts'
import { askedPermission, permissionRequest, questionRequest } from './asked-requests.ts'
import { createTurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store
const log = createPostgresEventLog(database, { onChannelError: () => {} })

/** What both ways to a screen must agree on. */
function essence({ lastSeq, state, turn, queue, entries, requests }: ConversationView) {
  return {
    lastSeq,
    state,
    requests: requests.map(({ requestId, callId }) => [requestId, callId]),
    turn: turn && { turnId: turn.turnId, round: turn.round, model: turn.model },
    queue: queue.map(({ id, content }) => [id, content.text]),
    messages: entries.flatMap((entry) => (entry.kind === 'message' ? [[entry.id, entry.content.text]] : [])),
    calls: entries.flatMap((entry) =>
      entry.kind === 'call' ? [[entry.id, entry.status !== 'running']] : [],
    ),
  }
}

test('says what the events say, after every write of two turns', async () => {
  const { id, owner } = await store.createConversation()
  const turn = createTurnScript(database, { id, owner })
  const endCall = (index: number) => {
    const callId = turn.callOf(1, 0, index)
    const ref = { conversationId: id, turnId: turn.turnIdOf(1), callId }
    return finishCall(database, ref, { status: 'ok', output: 1, error: null, text: '1' }, [
      {
        key: `${callId}:completed`,
        turnId: ref.turnId,
        body: { type: 'tool.completed', callId, status: 'ok', output: 1 },
      },
    ])
  }
  const fallBack = (to: string) => {
    const round = {
      conversationId: id,
      turnId: turn.turnIdOf(1),
      round: 0,
      trigger: 'user' as const,
      messageIds: [],
    }
    return applyFallback(database, round, { from: 'scripted/demo', to, message: 'It goes on.' })
  }
  await turn.accept('m1', 'First')
  const writes: (() => Promise<unknown>)[] = [
    () => turn.begin(1, 0, ['m1']),
    () => fallBack('a/two'),
    () => turn.accept('m2', 'Second').then(() => turn.announce('m2')),
    () => turn.accept('m3', 'Third').then(() => turn.announce('m3')),
    () => turn.askTools(1, 0, 12),
    ...Array.from({ length: 12 }, (_, index) => () => endCall(11 - index)),
    () => turn.begin(1, 1),
    () => turn.answer(1, 1, 'Done.'),
    () => turn.begin(2, 0, ['m2']),
    () => turn.answer(2, 0, 'Done again.'),
  ]
  for (const write of writes) {
    await write()
    const { events } = await log.read(id, 0, 1_000)
    const fromLog = events.reduce(applyEvent, emptyView)
    const fromSnapshot = viewOfSnapshot(await getSnapshot(database, owner, id))
    expect(essence(fromSnapshot)).toEqual(essence(fromLog))
  }
})

test('says what the events say, after every write of a turn that asks people', async () => {
  const { id, owner } = await store.createConversation()
  const turn = createTurnScript(database, { id, owner })
  const callIds = [0, 1, 2].map((index) => turn.callOf(1, 0, index))
  const [asked = '', question = ''] = callIds
  const requests = [permissionRequest(turn.turnIdOf(1), 0, [asked]), questionRequest(question)]
  const [permission = requests[0]] = requests
  const change = (message: string) => ({ conversationId: id, owner, id: turn.messageOf(message) })
  const approve = async (requestId: string) => {
    const body = { decisions: { [asked]: 'approve' as const }, grants: [] }
    await keepAnswer(database, { id: `${id}:a`, requestId, outcome: 'approved', body, by: owner })
    await resolveRequest(database, { conversationId: id, requestId }, `${id}:a`)
  }
  await turn.accept('m1', 'First')
  const writes: (() => Promise<unknown>)[] = [
    () => turn.begin(1, 0, ['m1']),
    ...['m2', 'm3', 'm4'].map((message) => () => turn.accept(message).then(() => turn.announce(message))),
    () => turn.ask(1, 0, { calls: 3, requests, permissions: [askedPermission(asked)] }),
    () => editMessage(database, { ...change('m3'), text: 'Edited' }),
    () => withdrawMessage(database, change('m2')),
    () => turn.endCall(1, 0, 2),
    () => approve(permission?.id ?? ''),
    () => turn.endCall(1, 0, 0),
    () => resolveRequest(database, { conversationId: id, requestId: `${question}.q0` }, null),
    () => turn.begin(1, 1, [], ['m4']),
    () => turn.answer(1, 1, 'Done.'),
    () => turn.begin(2, 0, ['m3']),
    () => turn.answer(2, 0, 'Done again.'),
  ]
  for (const write of writes) {
    await write()
    const { events } = await log.read(id, 0, 1_000)
    const fromLog = essence(events.reduce(applyEvent, emptyView))
    const fromSnapshot = essence(viewOfSnapshot(await getSnapshot(database, owner, id)))
    expect(fromSnapshot).toEqual(fromLog)
  }
})

test('behavior: calls stand in the order in which the model asked, also more than ten', async () => {
  const { id, owner } = await store.createConversation()
  const turn = createTurnScript(database, { id, owner })
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 12)
  const { calls } = await getSnapshot(database, owner, id)
  expect(calls.map(({ callId }) => callId)).toEqual(
    Array.from({ length: 12 }, (_, index) => turn.callOf(1, 0, index)),
  )
})

test('behavior: messages that are not announced yet are not shown', async () => {
  const { id, owner } = await store.createConversation()
  await createTurnScript(database, { id, owner }).accept('m1')
  const { messages, queue } = await getSnapshot(database, owner, id)
  expect([...messages, ...queue]).toEqual([])
})

test('error: somebody else’s conversation is not there', async () => {
  const { id } = await store.createConversation()
  const stranger = await store.createOwner()
  await expect(getSnapshot(database, stranger, id)).rejects.toMatchObject({ code: 'not_found' })
})
