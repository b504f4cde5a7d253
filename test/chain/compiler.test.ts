import { fork } from 'node:child_process'
import { once } from 'node:events'

import { expect, test, vi } from 'vitest'

import { createCompiler } from '../../src/chain/compiler.ts'
import { isAlive, listChildren, listsChildren } from '../support/child-processes.ts'
import { hugeSource as huge } from './huge-source.ts'

const { signal } = new AbortController()
const greeter =
  'pragma solidity ^0.8.20; contract Greeter { string public text; constructor(string memory t) { text = t; } }'

test('compiles a contract and tells its stages', async () => {
  const stages: string[] = []
  const onStage = (stage: string) => stages.push(stage)
  const made = await createCompiler().compile({ source: greeter }, { signal, onStage })
  expect(made).toMatchObject({ contract: 'Greeter', compiler: expect.stringMatching(/^0\.8\.37/) })
  expect(made.bytecode).toMatch(/^0x[0-9a-f]{200,}$/)
  expect(made.runtimeSizeBytes).toBeGreaterThan(100)
  expect(made.abi).toContainEqual(expect.objectContaining({ type: 'constructor' }))
  expect(made.warnings).toEqual([expect.stringMatching(/^SPDX license identifier/)])
  expect(stages).toEqual(['loading compiler', 'compiling', 'reading the result'])
})

test('error: a source cannot reach files', async () => {
  const source = 'import "/etc/passwd"; contract A {}'
  await expect(createCompiler().compile({ source }, { signal })).rejects.toMatchObject({
    code: 'compile_failed',
    message: expect.stringContaining('Imports are not available'),
  })
})

test('error: an endless compilation is killed at its time limit', async () => {
  const compiling = createCompiler({ timeoutMs: 1_500 }).compile({ source: huge }, { signal })
  await expect(compiling).rejects.toMatchObject({
    code: 'compile_failed',
    message: expect.stringContaining('longer than 1.5 s'),
  })
})

test('error: a compilation that eats memory is stopped at its limit', { timeout: 60_000 }, async () => {
  const compiling = createCompiler({ memoryLimitMb: 48 }).compile({ source: huge }, { signal })
  await expect(compiling).rejects.toMatchObject({
    code: 'compile_failed',
    message: expect.stringContaining('more than 48 MB'),
  })
})

test('behavior: a Stop kills the compiler at once', async () => {
  const stop = new AbortController()
  const onStage = (stage: string) => {
    if (stage === 'compiling') stop.abort(new Error('stopped'))
  }
  await expect(createCompiler().compile({ source: huge }, { signal: stop.signal, onStage })).rejects.toThrow(
    'stopped',
  )
})

test.runIf(listsChildren)('behavior: a compiler does not outlive a killed worker', async () => {
  const probe = new URL('compile-probe.ts', import.meta.url)
  const worker = fork(probe, [], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  await once(worker, 'message')
  const pids = await listChildren(worker.pid ?? 0)
  worker.kill('SIGKILL')
  expect(pids).toHaveLength(1)
  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 5_000 })
})
