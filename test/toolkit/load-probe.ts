/**
 * Loads sets of tool folders with Node itself, as a worker does: the test runner has a module loader of its own.
 * `node load-probe.ts '[["folder"], …]'` prints one outcome for each set.
 */
import { z } from 'zod'

import { loadTools } from '../../src/toolkit/load-tools.ts'

const sets = z.array(z.array(z.string())).parse(JSON.parse(process.argv[2] ?? ''))
const outcomes = await Promise.all(
  sets.map((folders) =>
    loadTools(folders).then(
      (registry) => ({ tools: registry.list().map(({ name }) => name) }),
      (error: unknown) => ({ ...Object(error), message: String(error) }),
    ),
  ),
)
console.log(JSON.stringify(outcomes))
