import { noteIdOf } from '../../src/contracts/ids.ts'
import type { ToolStatus } from '../../src/contracts/tool-call.ts'
import { beginBackgroundCall, queueNote } from '../../src/store/background-calls.ts'
import type { Database } from '../../src/store/database.ts'
import { createPostgresHistory } from '../../src/store/postgres-history.ts'
import { beginRound } from '../../src/store/rounds.ts'
import { finishCall } from '../../src/store/tool-calls.ts'
import type { TurnScript } from './turn-script.ts'

const limit = 3

/** Calls of the first round that go on in the background, by their place in the reply, with short arguments. */
export function createBackgroundScript(database: Database, turnOf: () => TurnScript) {
  const history = createPostgresHistory(database)

  function refOf(index: number) {
    const turn = turnOf()
    const callId = turn.callOf(1, 0, index)
    return {
      conversationId: turn.conversationId,
      turnId: turn.turnIdOf(1),
      callId,
      background: true as const,
    }
  }
  const noteOf = (index: number) => noteIdOf(refOf(index).callId)

  return {
    refOf,
    noteOf,
    /** Three of a conversation may run. */
    begin(index: number) {
      const ref = refOf(index)
      const steps = ['one', 'two'].map((name) => ({ name, timeoutMs: 1_000 }))
      const call = { callId: ref.callId, name: 'time_now', summary: 'time_now', timeoutMs: 1_000, steps }
      return beginBackgroundCall(database, { ...ref, call }, limit)
    },
    end(index: number, status: ToolStatus = 'ok', text = 'It is noon.') {
      const ref = refOf(index)
      const { callId } = ref
      return finishCall(database, ref, { status, output: { text }, error: null, text }, [
        { key: `${callId}:completed`, turnId: null, body: { type: 'tool.completed', callId, status } },
      ])
    },
    queue: (index: number, turnLimit = 50) => queueNote(database, refOf(index), turnLimit),
    /** Begins a turn with a note, or with a message and notes that join it. */
    beginTurn(number: number, first: string, joined: readonly string[] = []) {
      const { conversationId, turnIdOf } = turnOf()
      const trigger = joined.length === 0 ? ('background' as const) : ('user' as const)
      const round = { conversationId, turnId: turnIdOf(number), trigger, round: 0 }
      return beginRound(
        database,
        { ...round, messageIds: [first], steered: [...joined] },
        { promptHash: 'hash' },
      )
    },
    /** What the model is given in a turn. */
    async loadHistory(number: number, first: string) {
      const { conversationId, turnIdOf } = turnOf()
      const loaded = await history.load({
        conversationId,
        turnId: turnIdOf(number),
        messageIds: [first],
        strategy: { kind: 'full' },
        maxBytes: 1_000_000,
      })
      return loaded.messages
    },
  }
}
