import type { ConversationState } from '../contracts/conversation.ts'
import type { TurnId } from '../contracts/ids.ts'

/** What a conversation is doing: nothing, or one turn. */
export type Phase =
  | { state: 'idle' }
  | { state: Exclude<ConversationState, 'idle'>; turnId: TurnId; round: number }

/** What may happen to it. */
export type Change =
  | { kind: 'turnBegan'; turnId: TurnId; round: number }
  | { kind: 'modelCalled'; round: number }
  | { kind: 'toolsRun' }
  /** Every open call waits for a person. */
  | { kind: 'onlyPeopleAwaited' }
  | { kind: 'stopAsked' }
  | { kind: 'turnEnded' }

/** What may follow a state at all: a table with any other successor does not compile. */
type Successors = {
  idle: 'idle' | 'thinking'
  thinking: ConversationState
  tools: ConversationState
  waiting: ConversationState
  cancelling: 'cancelling' | 'idle'
}

type Row<Next extends ConversationState> = Record<Change['kind'], Next>

/** While a turn goes on, each change says by itself what comes next. */
const working: Row<ConversationState> = {
  turnBegan: 'thinking',
  modelCalled: 'thinking',
  toolsRun: 'tools',
  onlyPeopleAwaited: 'waiting',
  stopAsked: 'cancelling',
  turnEnded: 'idle',
}

const successors: { [From in ConversationState]: Row<Successors[From]> } = {
  idle: {
    turnBegan: 'thinking',
    modelCalled: 'idle',
    toolsRun: 'idle',
    onlyPeopleAwaited: 'idle',
    stopAsked: 'idle',
    turnEnded: 'idle',
  },
  thinking: working,
  tools: working,
  waiting: working,
  // A turn that is being stopped only ends: whatever else still happens to it changes nothing.
  cancelling: {
    turnBegan: 'cancelling',
    modelCalled: 'cancelling',
    toolsRun: 'cancelling',
    onlyPeopleAwaited: 'cancelling',
    stopAsked: 'cancelling',
    turnEnded: 'idle',
  },
}

/** The only place where the state of a conversation changes. */
export function nextPhase(phase: Phase, change: Change): Phase {
  const state = successors[phase.state][change.kind]
  if (state === 'idle') return { state }
  if (change.kind === 'turnBegan') return { state, turnId: change.turnId, round: change.round }
  if (phase.state === 'idle') return phase
  return { state, turnId: phase.turnId, round: change.kind === 'modelCalled' ? change.round : phase.round }
}
