/** Names that clients, workers and the Temporal UI share. Changing one orphans running conversations. */

export const workflowType = 'conversation'
export const backgroundWorkflowType = 'backgroundCall'
export const signalNames = {
  userMessage: 'userMessage',
  withdrawMessage: 'withdrawMessage',
  cancelTurn: 'cancelTurn',
  /** Takes a `WaitingMessage` with a `purpose`. */
  compactHistory: 'compactHistory',
} as const
export const updateNames = { answerRequest: 'answerRequest' } as const
export const queryNames = { status: 'status', toolProgress: 'toolProgress' } as const

/**
 * Where tools of background calls run: they may take days, and must not take the place of what a person waits for.
 */
export function backgroundQueueOf(taskQueue: string): string {
  return `${taskQueue}-background`
}

/** Search attributes, registered at start; values never hold user text. */
export const searchAttributes = {
  Wallet: 'KEYWORD',
  ConversationState: 'KEYWORD',
  Model: 'KEYWORD',
  NeedsHuman: 'BOOL',
  LastTurnAt: 'DATETIME',
} as const
