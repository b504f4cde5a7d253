import fc from 'fast-check'
import { expect, test } from 'vitest'

import { EventFeed } from '../../src/api/event-feed.ts'
import { followConversation } from '../../src/api/follow-conversation.ts'
import type { OpenStream } from '../../src/api/open-streams.ts'
import type { SnapshotEvent } from '../../src/contracts/event.ts'
import type { EventNotice } from '../../src/store/event-log.ts'
import { createLogger } from '../../src/ops/logger.ts'
import { createScriptedLog } from './scripted-log.ts'

const logger = createLogger({ level: 'silent', part: 'test' })

/** A stream whose client takes what is queued only when the test says so. */
function openStream(fullAt: number) {
  const sent: number[] = []
  const waiting: (() => void)[] = []
  let queued = 0
  let isOpen = true
  const stream: OpenStream = {
    get isOpen() {
      return isOpen
    },
    get isFull() {
      return queued >= fullAt
    },
    send(frame) {
      if (!isOpen) return
      queued += 1
      sent.push(Number(/^id: (\d+)\n/.exec(new TextDecoder().decode(frame))?.[1]))
    },
    close() {
      isOpen = false
      take()
    },
    drained: () => (queued === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  }
  const take = () => {
    queued = 0
    for (const resolve of waiting.splice(0)) resolve()
  }
  return { stream, sent, take, isBlocked: () => waiting.length > 0 }
}

/** Lets everything run that waits for nothing but a promise. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

const commit = fc.record({ do: fc.constant('commit' as const), count: fc.integer({ min: 1, max: 250 }) })
const tell = fc.record({ do: fc.constant('tell' as const), which: fc.nat({ max: 9 }), bare: fc.boolean() })
const sweep = fc.record({ do: fc.constant('sweep' as const), kept: fc.nat({ max: 300 }) })
const other = fc.constantFrom({ do: 'read' as const }, { do: 'take' as const }, { do: 'settle' as const })

test('behavior: no event is lost and none is sent twice, however reads, notices, sweeps and the client interleave', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(commit, tell, sweep, other), { maxLength: 60 }),
      fc.integer({ min: 0, max: 300 }),
      fc.nat({ max: 300 }),
      fc.integer({ min: 1, max: 400 }),
      fc.boolean(),
      async (actions, before, cursor, fullAt, startsLive) => {
        const log = createScriptedLog({ held: true })
        if (before > 0) log.commit(before)
        const feed = new EventFeed(log, logger)
        await feed.open()
        const { stream, sent, take, isBlocked } = openStream(fullAt)
        const after = Math.min(cursor, before)
        const stop = followConversation(stream, {
          conversationId: 'c_1',
          from: { after },
          lastSeq: log.lastSeq,
          feed,
          log,
          onError: (error) => expect.unreachable(String(error)),
        })
        const rest = async () => {
          for (;;) {
            await settle()
            if (log.pending.length === 0 && !isBlocked()) return
            log.answerRead()
            take()
          }
        }
        if (startsLive) await rest()
        const untold: EventNotice[] = []
        for (const action of actions) {
          if (action.do === 'commit') untold.push(log.commit(action.count))
          else if (action.do === 'read') log.answerRead()
          else if (action.do === 'take') take()
          else if (action.do === 'settle') await settle()
          else if (action.do === 'sweep') log.sweep(log.lastSeq - action.kept)
          else {
            const [notice] = untold.splice(action.which % Math.max(1, untold.length), 1)
            const { events: _, ...bare } = notice ?? log.commit(1)
            log.tell(notice === undefined || action.bare ? bare : notice)
          }
        }
        // Everybody comes to rest: late notices arrive, reads answer, the client reads.
        for (const notice of untold) log.tell(notice)
        await rest()
        stop()
        await feed.close()
        const expected = Array.from({ length: log.lastSeq - after }, (_, index) => after + index + 1)
        expect(sent).toEqual(expected.slice(0, sent.length))
        // Only a client whose next events are gone is sent away before it has them all.
        const isWhole = sent.length === expected.length
        expect(stream.isOpen).toBe(isWhole)
        expect(isWhole || after + sent.length < log.floor).toBe(true)
      },
    ),
    { numRuns: 300 },
  )
})

test('behavior: a slow client whose next page was removed meanwhile is sent nothing behind the gap', async () => {
  const log = createScriptedLog()
  log.commit(500)
  const feed = new EventFeed(log, logger)
  await feed.open()
  const { stream, sent, take } = openStream(1_000)
  const stop = followConversation(stream, {
    conversationId: 'c_1',
    from: { after: 0 },
    lastSeq: log.lastSeq,
    feed,
    log,
    onError: (error) => expect.unreachable(String(error)),
  })
  await settle()
  log.sweep(300)
  take()
  await settle()
  log.tell(log.commit(1))
  await settle()
  stop()
  await feed.close()
  expect([sent.length, sent.at(-1), stream.isOpen]).toEqual([200, 200, false])
})

test('behavior: a snapshot comes first, and only what follows it', async () => {
  const log = createScriptedLog()
  log.commit(5)
  const feed = new EventFeed(log, logger)
  await feed.open()
  const { stream, sent, take } = openStream(1_000)
  const stop = followConversation(stream, {
    conversationId: 'c_1',
    from: { snapshot: snapshotAt(4) },
    lastSeq: 3,
    feed,
    log,
    onError: (error) => expect.unreachable(String(error)),
  })
  await settle()
  take()
  await settle()
  log.tell(log.commit(1))
  await settle()
  stop()
  await feed.close()
  expect(sent).toEqual([4, 5, 6])
})

function snapshotAt(seq: number): SnapshotEvent {
  const ts = '2026-01-01T00:00:00.000Z'
  return {
    v: 1,
    seq,
    conversationId: 'c_1',
    ts,
    type: 'snapshot',
    lastSeq: seq,
    messages: [],
    contextChanges: [],
    openRequests: [],
    queue: [],
    calls: [],
    conversation: {
      id: 'c_1',
      title: 'Test',
      state: 'idle',
      model: 'openai/scripted',
      modelSettings: {},
      busyPolicy: 'queue',
      permissions: 'allowReads',
      history: { kind: 'full' },
      memory: false,
      archived: false,
      stalled: false,
      createdAt: ts,
      updatedAt: ts,
      lastSeq: seq,
    },
  }
}
