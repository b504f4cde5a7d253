/** Does something for 0 to count - 1, so many at a time, and returns what came of each in order. */
export async function many<Result>(
  count: number,
  atATime: number,
  work: (index: number) => Promise<Result>,
): Promise<Result[]> {
  const results = new Map<number, Result>()
  let next = 0
  async function go(): Promise<void> {
    while (next < count) {
      const index = next++
      results.set(index, await work(index))
    }
  }
  await Promise.all(Array.from({ length: Math.min(atATime, count) }, go))
  return [...results].toSorted(([one], [other]) => one - other).map(([, result]) => result)
}
