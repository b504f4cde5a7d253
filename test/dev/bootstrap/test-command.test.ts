import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { createFakeProject } from './fake-project.ts'

type Results = { numPassedTests: number; numFailedTests: number; testResults: unknown[] }

/** Runs the test command with a stand-in for vitest that writes these results and exits so. */
async function runTests(results: Results | undefined, exitCode: number) {
  const { dir, run } = await createFakeProject()
  await run('ensure-install.mjs')
  await mkdir(join(dir, 'node_modules', 'vitest'), { recursive: true })
  const program = `
    import { writeFileSync } from 'node:fs'
    const flag = process.argv.find((argument) => argument.startsWith('--outputFile.json='))
    const results = ${JSON.stringify(results ?? null)}
    if (results) writeFileSync(flag.slice(flag.indexOf('=') + 1), JSON.stringify(results))
    console.log('the report of the tests')
    process.exit(${exitCode})`
  await writeFile(join(dir, 'node_modules', 'vitest', 'vitest.mjs'), program)
  const { code, output } = await run('test.mjs')
  return { code, lastLine: output.trimEnd().split('\n').at(-1) }
}

test('default: the last line counts what passed', async () => {
  const results = { numPassedTests: 3, numFailedTests: 0, testResults: [] }
  expect(await runTests(results, 0)).toEqual({ code: 0, lastLine: '3 passed, 0 failed' })
})

test('behavior: a file that does not load counts as failed', async () => {
  const results = {
    numPassedTests: 3,
    numFailedTests: 0,
    testResults: [{ status: 'failed', assertionResults: [] }],
  }
  expect(await runTests(results, 1)).toEqual({ code: 1, lastLine: '3 passed, 1 failed' })
})

test('behavior: an error outside of the tests is not a success', async () => {
  const results = { numPassedTests: 3, numFailedTests: 0, testResults: [] }
  expect(await runTests(results, 1)).toEqual({ code: 1, lastLine: '3 passed, 1 failed' })
})

test('behavior: a run without a single test is not a success', async () => {
  const results = { numPassedTests: 0, numFailedTests: 0, testResults: [] }
  expect(await runTests(results, 0)).toEqual({ code: 1, lastLine: '0 passed, 0 failed' })
})

test('behavior: a run that broke off is not a success', async () => {
  expect(await runTests(undefined, 130)).toEqual({ code: 130, lastLine: '0 passed, 1 failed' })
})
