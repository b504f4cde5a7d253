/** Which part of a long list is shown, and what says that there is more above and below. */
export type ShownWindow = { from: number; to: number; above: string[]; below: string[] }

/** The part of `count` items that holds `index`, at most `size` long. */
export function windowAround(index: number, count: number, size: number): ShownWindow {
  const from = Math.max(0, Math.min(index - Math.floor(size / 2), count - size))
  const to = Math.min(count, from + size)
  return {
    from,
    to,
    above: from > 0 ? [`↑ ${from} more`] : [],
    below: to < count ? [`↓ ${count - to} more`] : [],
  }
}
