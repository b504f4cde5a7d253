import { runFreshTurns } from './fresh-turns.ts'
import { logIn } from './driver.ts'
import { many } from './many.ts'

const clients = 4
const turns = 20

/** Runs turns that nobody measures, until all parts have compiled what they run and filled what they keep. */
export async function warmUp(url: string): Promise<void> {
  await many(clients, clients, async () => runFreshTurns(await logIn(url), turns))
}
