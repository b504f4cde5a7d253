import { type Driver, logIn, openDriver } from '../driver.ts'
import { many } from '../many.ts'
import { scriptModel } from '../model-script.ts'
import { percentile, round } from '../percentile.ts'
import type { Figure, Scenario } from '../scenario.ts'

const modelMs = 300
/** Few enough for two cores: with more the processor decides, and not the model. */
const clients = 12
const spanMs = 15_000
const warmUpMs = 3_000

/** A load that mostly waits for its model, with more and more workers. */
export const workers: Scenario = {
  name: 'workers',
  about: `${clients} clients in running conversations for ${spanMs / 1_000} s, a model that takes ${modelMs} ms, no tools`,
  async run(product) {
    const { url, settings } = product
    await scriptModel(settings, 'far', [
      { parts: [{ type: 'text', text: 'Done.', times: 1, paceMs: modelMs }], repeat: true },
    ])
    const client = await logIn(url)
    const drivers = await many(clients, 4, () => openDriver(client, 'scripted/demo'))
    const figures: Figure[] = []
    for (const count of [1, 2, 4]) {
      while ((await product.parts()).filter(({ name }) => name === 'worker').length < count) {
        await product.addWorker()
      }
      await talkFor(drivers, warmUpMs)
      const times = await talkFor(drivers, spanMs)
      const name = count === 1 ? '1 worker' : `${count} workers`
      figures.push(
        { name, value: round((times.length / spanMs) * 1_000), unit: 'turns/s' },
        { name: `${name}: answer p50`, value: round(percentile(times, 0.5)), unit: 'ms' },
        { name: `${name}: answer p95`, value: round(percentile(times, 0.95)), unit: 'ms' },
      )
    }
    for (const driver of drivers) driver.close()
    return figures
  },
}

/** Each client begins its next turn when the last has ended. Returns the times of those that ended within the span. */
async function talkFor(drivers: readonly Driver[], forMs: number): Promise<number[]> {
  const times: number[] = []
  const untilMs = performance.now() + forMs
  await Promise.all(
    drivers.map(async (driver) => {
      while (performance.now() < untilMs) {
        const { doneMs, outcome } = await driver.runTurn('Go [script:far]')
        if (outcome !== 'success') throw new Error(`A turn ended with ${outcome}.`)
        if (performance.now() < untilMs) times.push(doneMs)
      }
    }),
  )
  return times
}
