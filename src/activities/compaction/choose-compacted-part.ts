import type { MessageId } from '../../contracts/ids.ts'
import type { MessageSize } from '../../store/compactions.ts'
import { countSummedUp, type SummingReason } from '../context/count-summed-up.ts'
import { listTurns } from '../context/list-turns.ts'

export type CompactedPart = {
  /** Places of its first and last message. */
  from: number
  to: number
  sizeBytes: number
  /** The first message that stays as it is. */
  keptFrom?: MessageId
}

/** Chooses what is summed up: whole turns, the oldest first. Undefined: there is nothing to sum up. */
export function chooseCompactedPart(
  messages: readonly MessageSize[],
  options: { windowTokens: number; reason: SummingReason },
): CompactedPart | undefined {
  const turns = listTurns(messages)
  const summedUp = countSummedUp(turns.map(sizeOf), options)
  const older = turns.slice(0, summedUp).flat()
  const [first] = older
  const last = older.at(-1)
  if (first === undefined || last === undefined) return undefined
  const keptFrom = turns[summedUp]?.[0]?.id
  return {
    from: first.position,
    to: last.position,
    sizeBytes: sizeOf(older),
    ...(keptFrom === undefined ? {} : { keptFrom }),
  }
}

function sizeOf(messages: readonly MessageSize[]): number {
  return messages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}
