import { setTimeout as sleep } from 'node:timers/promises'

import { logIn, openDriver } from '../driver.ts'
import { runFreshTurns, toFactor, toFreshFigures } from '../fresh-turns.ts'
import { scriptModel } from '../model-script.ts'
import type { Scenario } from '../scenario.ts'

const conversations = 4
const callsOfEach = 25
/** Longer than all fresh turns take together. */
const callMs = 25_000
/** By then all processes have begun that the calls get: one after the other, a third of a second each. */
const begunMs = 10_000
const freshTurns = 40

/** One owner has a hundred calls that take their time; how does a fresh conversation of another one fare? */
export const fairness: Scenario = {
  name: 'fairness',
  about: `${conversations * callsOfEach} calls of ${callMs / 1_000} s of one owner, and ${freshTurns} turns in fresh conversations of another`,
  async run({ url, settings }) {
    const [greedy, other] = [await logIn(url), await logIn(url)]
    const quiet = await runFreshTurns(other, freshTurns)
    const calls = Array.from({ length: callsOfEach }, () => ({ name: 'wait', arguments: { waitMs: callMs } }))
    const talks = await Promise.all(
      Array.from({ length: conversations }, async (_, index) => {
        const key = `greedy-${index}`
        await scriptModel(settings, key, [
          { parts: [{ type: 'toolCalls', calls }] },
          { parts: [{ type: 'text', text: 'Done.' }] },
        ])
        const driver = await openDriver(greedy, 'scripted/demo')
        const began = driver.next(({ type }) => type === 'tool.started')
        void driver.runTurn(`Go [script:${key}]`)
        await began
        return driver
      }),
    )
    const startedMs = performance.now()
    const beginning = await runFreshTurns(other, freshTurns)
    await sleep(Math.max(0, begunMs - (performance.now() - startedMs)))
    const beside = await runFreshTurns(other, freshTurns)
    await Promise.all(talks.map(({ client, conversationId }) => client.cancelTurn(conversationId)))
    for (const talk of talks) talk.close()
    return [
      ...toFreshFigures('alone', quiet),
      ...toFreshFigures('while the calls begin', beginning),
      ...toFreshFigures('beside the calls', beside),
      {
        name: 'answer beside the calls against alone',
        value: toFactor(beside.donesMs, quiet.donesMs),
        unit: 'x',
        goal: { atMost: 1.5 },
      },
    ]
  },
}
