/** Names that clients, workers and the Temporal UI share. Changing one orphans running conversations. */

export const workflowType = 'conversation'
export const signalNames = {
  userMessage: 'userMessage',
  withdrawMessage: 'withdrawMessage',
  cancelTurn: 'cancelTurn',
  /** Takes a `WaitingMessage` with a `purpose`. */
  compactHistory: 'compactHistory',
} as const
export const updateNames = { answerRequest: 'answerRequest' } as const
export const queryNames = { status: 'status', toolProgress: 'toolProgress' } as const

/** Search attributes, registered at start; values never hold user text. */
export const searchAttributes = {
  Wallet: 'KEYWORD',
  ConversationState: 'KEYWORD',
  Model: 'KEYWORD',
  NeedsHuman: 'BOOL',
  LastTurnAt: 'DATETIME',
} as const
