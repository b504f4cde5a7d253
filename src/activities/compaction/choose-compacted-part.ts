import type { MessageId } from '../../contracts/ids.ts'
import type { MessageSize } from '../../store/compactions.ts'

export type CompactedPart = {
  /** Places of its first and last message. */
  from: number
  to: number
  sizeBytes: number
  /** The first message that stays as it is. */
  keptFrom?: MessageId
}

export type KeptShare = {
  windowTokens: number
  /** Turns that stay as they are unless they take most of the window. */
  latest: number
  /** How much of the window other recent turns may take. */
  recentShare: number
}

const latestShare = 0.3
/** As the estimate of tokens has it. */
export const bytesPerToken = 2.5

/**
 * Chooses what is summed up: whole turns, the oldest first. The rest stays as it is: as many turns as fit their
 * share of the window, and the latest of them also when they take more. Undefined: there is nothing to sum up.
 */
export function chooseCompactedPart(
  messages: readonly MessageSize[],
  { windowTokens, latest, recentShare }: KeptShare,
): CompactedPart | undefined {
  const units = toUnits(messages)
  const windowBytes = windowTokens * bytesPerToken
  let keptBytes = 0
  let kept = 0
  for (const unit of units.toReversed()) {
    const share = kept < latest ? latestShare : recentShare
    if (keptBytes + sizeOf(unit) > windowBytes * share) break
    keptBytes += sizeOf(unit)
    kept += 1
  }
  const older = units.slice(0, units.length - kept).flat()
  const [first] = older
  const last = older.at(-1)
  if (first === undefined || last === undefined) return undefined
  const keptFrom = units[units.length - kept]?.[0]?.id
  return {
    from: first.position,
    to: last.position,
    sizeBytes: sizeOf(older),
    ...(keptFrom === undefined ? {} : { keptFrom }),
  }
}

/** A message of the user with all that followed it. One that joined a turn belongs to that turn: no call is cut off. */
function toUnits(messages: readonly MessageSize[]): MessageSize[][] {
  const units: MessageSize[][] = []
  let before: MessageSize | undefined
  for (const message of messages) {
    const isOther = message.turnId === null || message.turnId !== before?.turnId
    const begins =
      before === undefined || (message.role === 'user' && isOther && !isSameBreath(before, message))
    if (begins) units.push([message])
    else units.at(-1)?.push(message)
    before = message
  }
  return units
}

/** Two messages of the user that no turn separates. */
function isSameBreath(before: MessageSize, message: MessageSize): boolean {
  return before.role === 'user' && before.turnId === null && message.turnId === null
}

function sizeOf(messages: readonly MessageSize[]): number {
  return messages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}
