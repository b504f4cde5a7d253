import type { ConnectionChange } from '../client/follow-events.ts'

/** What is said about the connection. */
export const connectionRemarks = {
  lost: 'The connection was lost; trying again.',
  again: 'Connected again; nothing is missing.',
}

/** Says once that the connection is lost, however many tries follow, and once that it is back. */
export function sayConnection(say: (remark: string) => void): (change: ConnectionChange) => void {
  let lost = false
  return (change) => {
    const isLost = change.kind === 'lost'
    if (isLost !== lost) say(isLost ? connectionRemarks.lost : connectionRemarks.again)
    lost = isLost
  }
}
