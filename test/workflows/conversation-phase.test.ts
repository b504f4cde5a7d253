import { expect, test } from 'vitest'

import type { ConversationState } from '../../src/contracts/conversation.ts'
import { type Change, nextPhase, type Phase } from '../../src/workflows/conversation-phase.ts'

const phases: Record<ConversationState, Phase> = {
  idle: { state: 'idle' },
  thinking: { state: 'thinking', turnId: 't1', round: 1 },
  tools: { state: 'tools', turnId: 't1', round: 1 },
  waiting: { state: 'waiting', turnId: 't1', round: 1 },
  cancelling: { state: 'cancelling', turnId: 't1', round: 1 },
}
const changes: Record<Change['kind'], Change> = {
  turnBegan: { kind: 'turnBegan', turnId: 't2', round: 0 },
  modelCalled: { kind: 'modelCalled', round: 2 },
  toolsRun: { kind: 'toolsRun' },
  onlyPeopleAwaited: { kind: 'onlyPeopleAwaited' },
  stopAsked: { kind: 'stopAsked' },
  turnEnded: { kind: 'turnEnded' },
}

const table: [ConversationState, Record<Change['kind'], string>][] = [
  [
    'idle',
    {
      turnBegan: 'thinking t2 0',
      modelCalled: 'idle',
      toolsRun: 'idle',
      onlyPeopleAwaited: 'idle',
      stopAsked: 'idle',
      turnEnded: 'idle',
    },
  ],
  ...(['thinking', 'tools', 'waiting'] as const).map((state): (typeof table)[number] => [
    state,
    {
      turnBegan: 'thinking t2 0',
      modelCalled: 'thinking t1 2',
      toolsRun: 'tools t1 1',
      onlyPeopleAwaited: 'waiting t1 1',
      stopAsked: 'cancelling t1 1',
      turnEnded: 'idle',
    },
  ]),
  [
    'cancelling',
    {
      turnBegan: 'cancelling t2 0',
      modelCalled: 'cancelling t1 2',
      toolsRun: 'cancelling t1 1',
      onlyPeopleAwaited: 'cancelling t1 1',
      stopAsked: 'cancelling t1 1',
      turnEnded: 'idle',
    },
  ],
]

test.for(table)('from %s, every change leads where the table says', ([state, expected]) => {
  const reached = Object.entries(changes).map(([kind, change]) => {
    const phase = nextPhase(phases[state], change)
    return [kind, phase.state === 'idle' ? 'idle' : `${phase.state} ${phase.turnId} ${phase.round}`]
  })
  expect(Object.fromEntries(reached)).toEqual(expected)
})
