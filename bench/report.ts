import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Machine } from './machine.ts'
import { type Figure, meetsGoal } from './scenario.ts'

export type ScenarioResult = { scenario: string; about: string; seconds: number } & (
  | { figures: Figure[] }
  /** It came to nothing. */
  | { failure: string }
)

export type Report = { at: string; machine: Machine; results: ScenarioResult[] }

/** Writes the report as Markdown and as JSON, over the last one, and returns the Markdown. */
export async function writeReport(report: Report, folder: string): Promise<string> {
  const markdown = toMarkdown(report)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'latest.json'), JSON.stringify(report, null, 2))
  await writeFile(join(folder, 'latest.md'), markdown)
  return markdown
}

export function toMarkdown({ at, machine, results }: Report): string {
  const { cpu, cores, memoryGiB, system, node, product } = machine
  const facts = `Perdura ${product} on ${cores} cores (${cpu}), ${memoryGiB} GiB, ${system}, Node ${node.replace(/^v/, '')}; ${at}.`
  return [`# Bench`, facts, ...results.map(toSection)].join('\n\n').concat('\n')
}

function toSection(result: ScenarioResult): string {
  const head = `## ${result.scenario}\n\n${result.about} (${result.seconds} s)`
  if ('failure' in result) return `${head}\n\n**Failed**: ${result.failure}`
  const rows = result.figures.map(
    (figure) => `| ${figure.name} | ${figure.value} ${figure.unit} | ${toGoal(figure)} |`,
  )
  return [`${head}\n`, '| figure | reached | goal |', '| --- | --- | --- |', ...rows].join('\n')
}

function toGoal(figure: Figure): string {
  const { goal } = figure
  if (goal === undefined) return ''
  const wanted = 'atMost' in goal ? `at most ${goal.atMost}` : `at least ${goal.atLeast}`
  return meetsGoal(figure) ? wanted : `${wanted}: **missed**`
}
