import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'

import { describe, expect, test } from 'vitest'

import { configSchema } from '../../src/ops/config-schema.ts'
import { toEnvExample, withVariableTables } from '../../src/ops/describe-config.ts'
import { findDefault, getVariableDocs } from '../../src/ops/variables/variable.ts'

const root = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const variables = Object.entries(configSchema.shape)

describe('documents equal the schema (else: node src/ops/print-config-docs.ts)', () => {
  test('.env.example', () => {
    expect(read('.env.example')).toBe(toEnvExample())
  })

  test('docs/configuration.md', () => {
    const page = read('docs/configuration.md')
    expect(page).toBe(withVariableTables(page))
  })
})

test('every default and every example of .env.example is accepted by the schema', () => {
  const shown = parseEnv(read('.env.example').replaceAll(/^#(?=[A-Z])/gm, ''))
  const paths = variables.filter(([, schema]) => getVariableDocs(schema).example?.startsWith('./') === true)
  const env = Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== ''))
  for (const [name] of paths) delete env[name]
  expect(configSchema.safeParse(env).error?.issues).toBeUndefined()
  expect(Object.keys(shown).toSorted()).toEqual(variables.map(([name]) => name).toSorted())
})

test('every variable has one sentence, and an example where there is neither a default nor a secret', () => {
  for (const [name, schema] of variables) {
    const { about, example, secret } = getVariableDocs(schema)
    expect(about, name).toMatch(/^[A-Z].*\.$/)
    expect(findDefault(schema) ?? example ?? secret, name).toBeDefined()
  }
})

test('error: a page without its marks', () => {
  expect(() => withVariableTables('# Page')).toThrow('The page needs the lines')
})
