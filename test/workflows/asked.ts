import type {
  BackgroundCall,
  FailedCallRef,
  FinishTurnRef,
  ResolveRequestRef,
  ToolCallRef,
} from '../../src/contracts/activity-interface.ts'
import type { TurnId } from '../../src/contracts/ids.ts'
import type { RoundRef } from '../../src/contracts/turn.ts'

/** What an activity was asked. */
export type Asked = AskedModel | AskedCompaction | AskedTool | AskedWrite
export type AskedModel = { kind: 'callModel'; round: RoundRef }
export type AskedCompaction = { kind: 'compactHistory'; round: RoundRef }
export type AskedTool =
  | { kind: 'runTool'; call: ToolCallRef }
  | { kind: 'runToolStep'; call: ToolCallRef; stepIndex: number; stepCount: number }
export type AskedWrite =
  | { kind: 'resolveRequest'; request: ResolveRequestRef }
  | { kind: 'failToolCall'; call: FailedCallRef }
  | { kind: 'finishTurn'; end: FinishTurnRef }
  | { kind: 'beginBackgroundCall'; call: BackgroundCall }
  | { kind: 'startBackgroundCall'; call: BackgroundCall }
  | { kind: 'wakeConversation'; call: ToolCallRef }

export function isModelCall(asked: Asked): asked is AskedModel {
  return asked.kind === 'callModel'
}

export function isCompaction(asked: Asked): asked is AskedCompaction {
  return asked.kind === 'compactHistory'
}

export function isTool(asked: Asked): asked is AskedTool {
  return asked.kind === 'runTool' || asked.kind === 'runToolStep'
}

export function isWrite(asked: Asked): asked is AskedWrite {
  return !isModelCall(asked) && !isCompaction(asked) && !isTool(asked)
}

/** Of a call that goes on by itself, asked by its own workflow. */
export function isOfBackground(asked: Asked): boolean {
  if (asked.kind === 'beginBackgroundCall' || asked.kind === 'startBackgroundCall') return false
  return 'call' in asked && asked.call.background === true
}

export function isBackgroundTool(asked: Asked): asked is AskedTool {
  return isTool(asked) && isOfBackground(asked)
}

export function isOwnTool(asked: Asked): asked is AskedTool {
  return isTool(asked) && !isOfBackground(asked)
}

export function turnOf(asked: Asked): TurnId {
  switch (asked.kind) {
    case 'callModel':
    case 'compactHistory':
      return asked.round.turnId
    case 'resolveRequest':
      return asked.request.turnId
    case 'finishTurn':
      return asked.end.turnId
    case 'runTool':
    case 'runToolStep':
    case 'failToolCall':
    case 'beginBackgroundCall':
    case 'startBackgroundCall':
    case 'wakeConversation':
      return asked.call.turnId
  }
}
