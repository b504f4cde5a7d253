/** Whole numbers from 0 to below `limit`, the same ones for the same seed, so that a failure can be repeated. */
export function seededRandom(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    // The constants of "minimal standard"; chance of any quality will do.
    state = (state * 48_271) % 2_147_483_647
    return state % limit
  }
}
