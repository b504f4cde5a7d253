import { logIn, openDriver } from '../driver.ts'
import { scriptModel, untilRequest } from '../model-script.ts'
import { percentile, round } from '../percentile.ts'
import type { Scenario } from '../scenario.ts'

const stops = 40

/** Stop in mid-answer: from the request until the model's connection is closed, and until the turn has ended. */
export const stop: Scenario = {
  name: 'stop',
  about: `${stops} answers, each stopped after its first words, and the turn that follows`,
  async run({ url, settings }) {
    const client = await logIn(url)
    const driver = await openDriver(client, 'scripted/demo')
    const closed: number[] = []
    const ended: number[] = []
    const following: number[] = []
    for (let index = 0; index < stops; index++) {
      const key = `stop-${index}`
      await scriptModel(settings, key, [
        { parts: [{ type: 'text', text: 'word '.repeat(2_000), paceMs: 20 }] },
      ])
      await scriptModel(settings, `${key}-after`, [{ parts: [{ type: 'text', text: 'Done.' }] }])
      const words = driver.next(({ type }) => type === 'text.delta')
      const turn = driver.runTurn(`Go [script:${key}]`)
      await words
      const startedMs = performance.now()
      const untilClosed = untilRequest(settings, key, 1, 'closed').then(() => performance.now() - startedMs)
      await client.cancelTurn(driver.conversationId)
      await turn
      ended.push(performance.now() - startedMs)
      closed.push(await untilClosed)
      following.push((await driver.runTurn(`Go [script:${key}-after]`)).doneMs)
    }
    driver.close()
    return [
      { name: 'Stop until the model is cut p50', value: round(percentile(closed, 0.5)), unit: 'ms' },
      {
        name: 'Stop until the model is cut p95',
        value: round(percentile(closed, 0.95)),
        unit: 'ms',
        goal: { atMost: 100 },
      },
      { name: 'Stop until the turn has ended p95', value: round(percentile(ended, 0.95)), unit: 'ms' },
      { name: 'the next turn p50', value: round(percentile(following, 0.5)), unit: 'ms' },
    ]
  },
}
