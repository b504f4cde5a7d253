/** What a worker keeps of histories is what the database would give it, whatever happens to a conversation. */
import { expect, test } from 'vitest'

import { AppError } from '../../src/contracts/errors.ts'
import type { HistoryStrategy } from '../../src/contracts/conversation.ts'
import { clearContext } from '../../src/store/context-requests.ts'
import { forgetDue } from '../../src/store/forgettings.ts'
import { withdrawMessage } from '../../src/store/messages.ts'
import { createPostgresHistory } from '../../src/store/postgres-history.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { createStore } from '../support/store.ts'
import { createBranching } from './branching.ts'
import { createTurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store
const { replace, compactUpTo } = createBranching(store)

const strategies: HistoryStrategy[] = [
  { kind: 'full' },
  { kind: 'summary' },
  { kind: 'slidingWindow', window: 2 },
  { kind: 'none' },
]
/** A worker for each, and one that is asked for another one each time. */
const kept = [...strategies, undefined].map((strategy) => ({
  strategy,
  history: createPostgresHistory(database),
}))

type Running = { round: number; calls: number; message: string }

test.for([1, 2, 3, 4])('property: seed %i', async (seed) => {
  const random = seededRandom(seed)
  const turn = createTurnScript(database, await store.createConversation())
  const { conversationId, owner } = turn
  const started: { message: string; turn: number }[] = []
  /** Messages that have not begun. */
  const waiting: string[] = []
  /** One that takes the place of others. */
  let edit: string | undefined
  let running: Running | undefined
  let made = 0
  const newMessage = () => `m${(made += 1)}`
  const pick = () => started[random(started.length)]
  const choose = <Choice>(choices: readonly Choice[]): Choice => {
    const chosen = choices[random(choices.length)]
    if (chosen === undefined) throw new Error('There is nothing to choose.')
    return chosen
  }

  async function begin(message: string) {
    started.push({ message, turn: started.length + 1 })
    await turn.begin(started.length, 0, [message])
    running = { round: 0, calls: 0, message }
  }
  const whileIdle = [
    async () => {
      const message = edit ?? waiting.shift() ?? newMessage()
      if (message !== edit) await turn.accept(message, `Question ${message}`)
      edit = undefined
      await begin(message)
    },
    async () => {
      const replaced = pick()
      if (replaced === undefined || edit !== undefined || waiting.length > 0) return
      const message = newMessage()
      await replace(turn, replaced.message, message, { text: `Instead ${message}` })
      edit = message
    },
    async () => {
      if (edit === undefined) return
      await withdrawMessage(database, { conversationId, owner, id: turn.messageOf(edit) })
      edit = undefined
    },
    async () => {
      const forgotten = pick()
      if (forgotten === undefined) return
      await database.rows(
        'let_pass',
        `insert into forgettings (id, conversation_id, due_at) values ($2, $1, now()) on conflict do nothing`,
        [conversationId, turn.turnIdOf(forgotten.turn)],
      )
    },
    () => forgetDue(database, 10),
  ]
  const whileRunning = [
    async (now: Running) => {
      now.calls = 1 + random(3)
      await turn.askTools(started.length, now.round, now.calls)
    },
    async (now: Running) => {
      const message = newMessage()
      await turn.accept(message, `Besides ${message}`)
      now.round += 1
      await turn.begin(started.length, now.round, [], [message])
    },
    async ({ round }: Running) => {
      await turn.answer(started.length, round, `Answer ${started.length}`)
      running = undefined
    },
    async () => {
      await turn.stop(started.length)
      running = undefined
    },
  ]
  const always = [
    () => clearContext(database, owner, conversationId),
    async () => {
      const upTo = running === undefined ? pick() : started.at(-2)
      if (upTo !== undefined) await compactUpTo(turn, `k${(made += 1)}.${seed}`, turn.messageOf(upTo.message))
    },
    async () => {
      if (edit !== undefined || running === undefined || waiting.length > 0) return
      const message = newMessage()
      await turn.accept(message, `Question ${message}`)
      waiting.push(message)
    },
  ]

  for (let step = 0; step < 120; step++) {
    if (running !== undefined && running.calls > 0) {
      running.calls -= 1
      await turn.endCall(started.length, running.round, running.calls)
      if (running.calls === 0) await turn.begin(started.length, (running.round += 1))
    } else {
      const now = running
      const actions = now === undefined ? whileIdle : whileRunning.map((action) => () => action(now))
      await choose([...actions, ...always])().catch((error: unknown) => {
        if (!(error instanceof AppError)) throw error
      })
    }
    for (const { strategy = choose(strategies), history } of kept) {
      const request = {
        conversationId,
        turnId: turn.turnIdOf(started.length),
        messageIds: running === undefined ? [] : [turn.messageOf(running.message)],
        strategy,
        maxBytes: random(4) === 0 ? random(300) : 100_000,
      }
      const loaded = await history.load(request)
      expect(loaded, `step ${step}, ${strategy.kind}`).toEqual(
        await createPostgresHistory(database).load(request),
      )
    }
  }
  expect(started.length).toBeGreaterThan(3)
})
