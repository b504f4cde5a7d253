/** `npm run bench [-- NAME …]`: drives the running product and prints what it found, as a table and as JSON. */
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'

import { startBenchProduct } from './product.ts'
import { type Figure, meetsGoal, type Scenario } from './scenario.ts'
import { history } from './scenarios/history.ts'
import { longLife } from './scenarios/long-life.ts'
import { latency } from './scenarios/latency.ts'
import { profile } from './scenarios/profile.ts'
import { recovery } from './scenarios/recovery.ts'
import { search } from './scenarios/search.ts'
import { stop } from './scenarios/stop.ts'
import { throughput } from './scenarios/throughput.ts'

const all: readonly Scenario[] = [latency, throughput, profile, history, longLife, search, stop, recovery]
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !all.some((scenario) => scenario.name === name))
if (unknown.length > 0) {
  console.error(
    `There is no scenario ${unknown.join(', ')}. Scenarios: ${all.map(({ name }) => name).join(', ')}.`,
  )
  process.exit(2)
}

const scenarios = all.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
const product = await startBenchProduct()
const results: { scenario: string; figures: Figure[] }[] = []
try {
  for (const scenario of scenarios) {
    console.log(`\n${scenario.name}: ${scenario.about}`)
    const figures = await scenario.run(product)
    for (const figure of figures) console.log(toLine(figure))
    results.push({ scenario: scenario.name, figures })
  }
} finally {
  await product.stop()
}

const machine = {
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
}
const json = JSON.stringify({ at: new Date().toISOString(), machine, results }, null, 2)
const folder = join(import.meta.dirname, '..', '.perdura', 'bench')
await mkdir(folder, { recursive: true })
await writeFile(join(folder, 'latest.json'), json)
console.log(`\n${json}`)
process.exit()

function toLine(figure: Figure): string {
  const met = meetsGoal(figure)
  const goal =
    figure.goal === undefined ? '' : `  goal ${JSON.stringify(figure.goal)}: ${met ? 'met' : 'MISSED'}`
  return `  ${figure.name.padEnd(52)} ${String(figure.value).padStart(9)} ${figure.unit}${goal}`
}
