/** Writes what the schema says into `.env.example` and docs/configuration.md. Run it after a change of a variable. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { toEnvExample, withVariableTables } from './describe-config.ts'

const root = join(import.meta.dirname, '..', '..')
const page = join(root, 'docs', 'configuration.md')

writeFileSync(join(root, '.env.example'), toEnvExample())
writeFileSync(page, withVariableTables(readFileSync(page, 'utf8')))
