import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { loadTools, ownToolsFolder } from '../../src/toolkit/load-tools.ts'
import { createTestDir } from '../support/servers.ts'

/** A tool file as an operator writes it, in a folder that has no packages. */
function toolSource(name: string, changes = ''): string {
  return `import { defineTool } from 'perdura/toolkit'
import { z } from 'zod'
const tool = defineTool({
  name: '${name}',
  title: () => 'Greet',
  description: 'Says hello.',
  effect: 'read',
  uses: [],
  input: z.strictObject({ who: z.string() }),
  output: z.object({ text: z.string() }),
  run: async ({ who }: { who: string }) => ({ text: \`Hello \${who}\` }),
  ${changes}
})
export { tool as default }
`
}

const outcomeSchema = z.object({
  tools: z.array(z.string()).optional(),
  code: z.string().optional(),
  message: z.string().optional(),
})

async function loadNatively(sets: string[][]): Promise<z.output<typeof outcomeSchema>[]> {
  const probe = join(import.meta.dirname, 'load-probe.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [probe, JSON.stringify(sets)])
  return z.array(outcomeSchema).parse(JSON.parse(stdout))
}

async function writeFolder(files: Record<string, string>): Promise<string> {
  const folder = await createTestDir('tools')
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

test("loads the product's own tools", async () => {
  const registry = await loadTools([ownToolsFolder])
  expect(registry.list().map(({ name }) => name)).toEqual([
    'account_info',
    'ask_user',
    'chain_context',
    'contract_read',
    'read_result',
    'search_memory',
    'simulate_deployment',
    'time_now',
    'token_balances',
  ])
})

test("loads an operator's folder beside them, wherever it is", async () => {
  const folder = await writeFolder({
    'say-hello.ts': toolSource('say_hello'),
    'README.md': '#',
    'say-hello.d.ts': '',
  })
  await mkdir(join(folder, 'parts'))
  const [outcome] = await loadNatively([[ownToolsFolder, folder]])
  expect(outcome?.tools).toHaveLength(10)
  expect(outcome?.tools).toContain('say_hello')
})

test('loads the tool of the documents as it is written there', async () => {
  const document = await readFile(new URL('../../docs/tools.md', import.meta.url), 'utf8')
  const [, snippet = ''] = /```ts\n(\/\/ say-hello\.ts\n.*?)```/s.exec(document) ?? []
  const folder = await writeFolder({ 'say-hello.ts': snippet })
  await expect(loadNatively([[folder]])).resolves.toEqual([{ tools: ['say_hello'] }])
})

const faults: [string, string, RegExp][] = [
  ['another name than its file', toolSource('say_hello'), /say-hello\.ts or the tool greet/],
  ['no default export', 'export const greet = 1', /no default export.*export default defineTool/],
  ['something else', 'export default { name: "greet" }', /is not a tool/],
  ['a name in another form', toolSource('Greet'), /snake_case/],
  ['an unknown service', toolSource('greet', "uses: ['database'],"), /uses/],
  ['an input that is no object', toolSource('greet', 'input: z.string(),'), /must be an object/],
  ['an input without JSON Schema', toolSource('greet', 'input: z.object({ a: z.date() }),'), /JSON Schema/],
  ['a syntax error', 'export default {', /cannot be loaded/],
  ['a missing import', "import 'not-there'", /cannot be loaded/],
  ['targets that are no function', toolSource('greet', 'targets: [],'), /targets/],
  ['a form beside a run', toolSource('greet', 'form: () => ({}),'), /an asking tool has no run/],
  ['a background that is no word', toolSource('greet', "background: 'yes',"), /background/],
  ['quick in the background', toolSource('greet', 'quick: true, background: true,'), /is not quick/],
  ['a timeout that no timer holds', toolSource('greet', 'timeoutMs: 2_000_000_001,'), /timeoutMs/],
  [
    'a quick tool that others could feel',
    toolSource('greet', "quick: true, effect: 'external',"),
    /may run twice/,
  ],
  ['no steps', toolSource('greet', 'steps: {}, result: () => ({}),'), /at least one step/],
]

describe('error: a file that is not a tool stops the start and says what to write', async () => {
  const folders = await Promise.all(faults.map(([, text]) => writeFolder({ 'greet.ts': text })))
  const outcomes = await loadNatively(folders.map((folder) => [folder]))

  test.each(faults.map(([what, , message], index) => ({ what, message, outcome: outcomes[index] })))(
    '$what',
    ({ message, outcome }) => {
      expect(outcome).toMatchObject({ code: 'tool_file_invalid', message: expect.stringMatching(message) })
      expect(outcome?.message).toContain('greet.ts')
    },
  )

  test('two tools of one name', async () => {
    const folder = await writeFolder({ 'time-now.ts': toolSource('time_now') })
    const [outcome] = await loadNatively([[ownToolsFolder, folder]])
    expect(outcome?.message).toContain('Two tools are named time_now')
  })

  test('a folder that is not there', async () => {
    await expect(loadTools(['/nowhere/at/all'])).rejects.toMatchObject({
      code: 'tool_file_invalid',
      message: expect.stringContaining('PERDURA_TOOLS'),
    })
  })
})

describe('a registry', () => {
  test('offers what the deployment has services for, and says why the rest is absent', async () => {
    const registry = await loadTools([ownToolsFolder])
    expect(registry.offered(['chain', 'compiler', 'memory']).absent).toEqual([])
    const { tools, absent } = registry.offered([])
    expect(tools.map(({ name }) => name)).toEqual(['ask_user', 'read_result', 'time_now'])
    expect(absent).toContainEqual({ name: 'account_info', reason: 'This deployment has no chain.' })
    expect(absent).toContainEqual({
      name: 'simulate_deployment',
      reason: 'This deployment has no chain and no compiler.',
    })
  })

  test.each(['nothing', '__proto__', 'constructor', 'toString', ''])(
    'behavior: finds no tool named %j',
    async (name) => {
      const registry = await loadTools([ownToolsFolder])
      expect(registry.find(name)).toBeUndefined()
    },
  )
})
