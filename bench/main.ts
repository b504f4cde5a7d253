/** `npm run bench [-- NAME …]`: drives the running product and prints a report of what it found. */
import { join } from 'node:path'

import { readMachine } from './machine.ts'
import { startBenchProduct } from './product.ts'
import { type ScenarioResult, writeReport } from './report.ts'
import { type Figure, meetsGoal, type Scenario } from './scenario.ts'
import { fairness } from './scenarios/fairness.ts'
import { history } from './scenarios/history.ts'
import { idle } from './scenarios/idle.ts'
import { isolation } from './scenarios/isolation.ts'
import { latency } from './scenarios/latency.ts'
import { longLife } from './scenarios/long-life.ts'
import { profile } from './scenarios/profile.ts'
import { readers } from './scenarios/readers.ts'
import { reconnect } from './scenarios/reconnect.ts'
import { recovery } from './scenarios/recovery.ts'
import { search } from './scenarios/search.ts'
import { slowModel } from './scenarios/slow-model.ts'
import { soak } from './scenarios/soak.ts'
import { stop } from './scenarios/stop.ts'
import { throughput } from './scenarios/throughput.ts'
import { workers } from './scenarios/workers.ts'
import { warmUp } from './warm-up.ts'

const all: readonly Scenario[] = [
  latency,
  throughput,
  profile,
  history,
  longLife,
  search,
  stop,
  recovery,
  fairness,
  slowModel,
  readers,
  reconnect,
  isolation,
  idle,
  workers,
  soak,
]
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !all.some((scenario) => scenario.name === name))
if (unknown.length > 0) {
  console.error(
    `There is no scenario ${unknown.join(', ')}. Scenarios: ${all.map(({ name }) => name).join(', ')}.`,
  )
  process.exit(2)
}

const scenarios = all.filter(({ name, onlyNamed }) =>
  wanted.length === 0 ? onlyNamed !== true : wanted.includes(name),
)
const results: ScenarioResult[] = []
for (const scenario of scenarios) results.push(await runAlone(scenario))

const report = { at: new Date().toISOString(), machine: await readMachine(), results }
const folder = join(import.meta.dirname, '..', '.perdura', 'bench')
console.log(`\n${await writeReport(report, folder)}`)
console.log(`Kept as ${join(folder, 'latest.md')} and latest.json.`)
process.exit(results.some((result) => 'failure' in result) ? 1 : 0)

/** Each has a product of its own: what one leaves behind, caches and all, is not in the figures of the next. */
async function runAlone({ name, about, run }: Scenario): Promise<ScenarioResult> {
  console.log(`\n${name}: ${about}`)
  const product = await startBenchProduct()
  const startedMs = performance.now()
  const seconds = () => Math.round((performance.now() - startedMs) / 1_000)
  try {
    await warmUp(product.url)
    const figures = await run(product)
    for (const figure of figures) console.log(toLine(figure))
    return { scenario: name, about, seconds: seconds(), figures }
  } catch (error) {
    console.error(error)
    return { scenario: name, about, seconds: seconds(), failure: String(error) }
  } finally {
    await product.stop()
  }
}

function toLine(figure: Figure): string {
  const met = meetsGoal(figure)
  const goal =
    figure.goal === undefined ? '' : `  goal ${JSON.stringify(figure.goal)}: ${met ? 'met' : 'MISSED'}`
  return `  ${figure.name.padEnd(52)} ${String(figure.value).padStart(9)} ${figure.unit}${goal}`
}
