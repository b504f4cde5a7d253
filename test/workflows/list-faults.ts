import type { FakeDatabase } from './fake-database.ts'
import type { Promises } from './promises.ts'

/** What a conversation that came to rest has left undone, or done that nobody wanted. */
export function listFaults({ db, promises }: { db: FakeDatabase; promises: Promises }): string[] {
  return [
    ...listMessageFaults(db),
    ...listTurnFaults(db, promises),
    ...listAskingFaults(db),
    ...listRequestFaults(db, promises),
    ...listBackgroundFaults(db),
  ]
}

function listMessageFaults({ messages, turnId, ends }: FakeDatabase): string[] {
  const unanswered = messages.filter((message) => message.state === 'queued')
  const lost = messages.filter((message) => message.turnId !== undefined && !ends.has(message.turnId))
  return [
    ...unanswered.map(({ messageId }) => `${messageId} was never answered.`),
    ...lost.map((message) => `${message.messageId} is in ${message.turnId}, which never ended.`),
    ...(turnId === undefined ? [] : [`${turnId} never ended.`]),
  ]
}

/** No turn is empty, each ends once, and is stopped only when somebody wanted it. */
function listTurnFaults(
  { messages, ends, events, calls, systemTurns }: FakeDatabase,
  promises: Promises,
): string[] {
  const faults = [...ends].flatMap(([turnId, outcome]) => {
    const own = messages.filter((message) => message.turnId === turnId)
    const [first, ...more] = own.filter(({ note }) => !note)
    const finished = events.filter((event) => event.turnId === turnId && event.type === 'turn.finished')
    return [
      ...((own.length === 0) === systemTurns.has(turnId) ? [] : [`${turnId} answered no message, or did.`]),
      ...(finished.length === 1 ? [] : [`${turnId} ended ${finished.length} times.`]),
      ...(more.every(({ busyPolicy }) => busyPolicy === 'steer') || first?.busyPolicy === 'steer'
        ? []
        : [`${turnId} took messages that did not steer.`]),
      ...(outcome === 'cancelled' && !promises.mayBeStopped(turnId, messages, systemTurns.has(turnId))
        ? [`${turnId} was stopped, and nobody wanted it.`]
        : []),
    ]
  })
  const open = [...calls.values()].filter(({ ends: times }) => times !== 1)
  return [...faults, ...open.map(({ callId, ends: times }) => `${callId} ended ${times} times.`)]
}

/** It is summed up after each time somebody asked for it, and no more often. */
function listAskingFaults({ askings, systemTurns }: FakeDatabase): string[] {
  const undone = askings.filter(({ before }) => systemTurns.size <= before)
  return [
    ...undone.map(({ askingId }) => `${askingId} was asked for and never done.`),
    ...(systemTurns.size > askings.length ? [`It was summed up ${systemTurns.size} times.`] : []),
  ]
}

/** None is lost, and the model is told of each. */
function listBackgroundFaults(db: FakeDatabase): string[] {
  const background = [...db.calls.values()].filter((call) => call.background !== undefined)
  return background.flatMap(({ callId, background: state, status }) => [
    ...(state === 'started' ? [] : [`${callId} may go on and was never started.`]),
    ...(status !== undefined && db.findNote(callId)?.state === 'done' ? [] : [`Nobody told of ${callId}.`]),
  ])
}

function listRequestFaults({ requests, events }: FakeDatabase, { accepted, refused }: Promises): string[] {
  const resolved = events.filter(({ type }) => type === 'request.resolved').length
  return [
    ...(resolved === requests.length ? [] : [`${requests.length} requests were resolved ${resolved} times.`]),
    ...requests.flatMap(({ ref: { requestId }, outcome, answerId }) => {
      const taken = accepted.get(requestId)
      const stands = answerId ?? undefined
      return [
        ...(stands === taken?.answerId
          ? []
          : [`${taken?.answerId} to ${requestId} was accepted, not ${stands}.`]),
        ...refused
          .filter((told) => told.requestId === requestId && told.outcome !== outcome)
          .map((told) => `${requestId} was said to be ${told.outcome} and is ${outcome}.`),
      ]
    }),
  ]
}
