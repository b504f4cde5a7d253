import type { z } from 'zod'

import { variableGroups } from './config-schema.ts'
import { findDefault, getVariableDocs } from './variables/variable.ts'
import type { VariableGroup } from './variables/variable.ts'

const start = '<!-- variables: written by src/ops/print-config-docs.ts -->'
const end = '<!-- end of variables -->'

/** The whole of `.env.example`: every variable with its default or an example, all commented out. */
export function toEnvExample(): string {
  const head =
    '# Copy to .env and remove the # before what you want to change.\n# Shown: the default, or an example.\n'
  return [head, ...variableGroups.map(toEnvGroup)].join('\n')
}

/**
 * A page with its tables of variables renewed; the words around them stay.
 * @throws Error when the page has lost the marks that enclose the tables
 */
export function withVariableTables(page: string): string {
  const before = page.indexOf(start)
  const after = page.indexOf(end)
  if (before < 0 || after < before) throw new Error(`The page needs the lines "${start}" and "${end}".`)
  const tables = variableGroups.map(toTable).join('\n\n')
  return `${page.slice(0, before)}${start}\n\n${tables}\n\n${page.slice(after)}`
}

function toEnvGroup(group: VariableGroup): string {
  const lines = [`# ${group.title}`]
  for (const [name, schema] of Object.entries(group.variables)) {
    const { about, example = '' } = getVariableDocs(schema)
    lines.push(`# ${about}`, `#${name}=${findDefault(schema) ?? example}`)
  }
  return `${lines.join('\n')}\n`
}

function toTable(group: VariableGroup): string {
  const rows = Object.entries(group.variables).map(([name, schema]) => toRow(name, schema))
  const head = '| variable | default | what it does |\n| --- | --- | --- |'
  return [`### ${group.title}`, '', group.about, '', head, ...rows].join('\n')
}

function toRow(name: string, schema: z.ZodType): string {
  const { about, example, secret } = getVariableDocs(schema)
  const preset = findDefault(schema)
  const sample = preset === undefined && example !== undefined ? ` Example: \`${example}\`.` : ''
  const warning = secret === true ? ' Never logged.' : ''
  return `| \`${name}\` | ${preset === undefined ? '' : `\`${preset}\``} | ${about}${sample}${warning} |`
}
