import { z } from 'zod'

import { AppError } from '../contracts/errors.ts'
import { cleanUntrustedText, untrustedLimits } from '../contracts/untrusted-text.ts'
import type { CompiledContract } from '../toolkit/tool-services.ts'
import { sourceName } from './compiler-input.ts'

/** Picks the contract out of solc's answer. @throws AppError `compile_failed` with the compiler's words, cut */
export function toCompiledContract(
  answer: { version: string; output: string },
  wanted: string | undefined,
): CompiledContract {
  const output = compilerOutput.parse(JSON.parse(answer.output))
  assertNoErrors(output.errors)
  const deployable = Object.entries(output.contracts[sourceName] ?? {}).filter(
    ([, made]) => codeOf(made) !== '',
  )
  const [contract, made] = pickContract(deployable, wanted)
  if (!/^[0-9a-f]+$/.test(codeOf(made))) {
    throw new AppError(
      'compile_failed',
      `${contract} needs external libraries. Make their functions internal.`,
    )
  }
  return {
    contract,
    abi: made.abi,
    bytecode: `0x${codeOf(made)}`,
    runtimeSizeBytes: made.evm.deployedBytecode.object.length / 2,
    compiler: answer.version,
    warnings: output.errors
      .filter(isWarning)
      .slice(0, 10)
      .map(({ message }) => clean(message, untrustedLimits.text)),
  }
}

const madeContract = z.object({
  abi: z.array(z.unknown()),
  evm: z.object({
    bytecode: z.object({ object: z.string() }),
    deployedBytecode: z.object({ object: z.string() }),
  }),
})
type MadeContract = z.output<typeof madeContract>

const diagnostic = z.object({
  severity: z.string(),
  message: z.string(),
  formattedMessage: z.string().optional(),
})
type Diagnostic = z.output<typeof diagnostic>

const compilerOutput = z.object({
  errors: z.array(diagnostic).default([]),
  contracts: z.record(z.string(), z.record(z.string(), madeContract)).default({}),
})

function pickContract(
  deployable: readonly (readonly [string, MadeContract])[],
  wanted: string | undefined,
): readonly [string, MadeContract] {
  const names = deployable
    .map(([name]) => clean(name, untrustedLimits.name))
    .slice(0, 20)
    .join(', ')
  if (deployable.length === 0) {
    throw new AppError(
      'compile_failed',
      'The source has no contract that can be deployed, only abstract ones or interfaces.',
    )
  }
  const found = wanted === undefined ? deployable : deployable.filter(([name]) => name === wanted)
  const [first, second] = found
  if (!first)
    throw new AppError('compile_failed', `The source has no contract of that name. It has: ${names}.`)
  if (second)
    throw new AppError(
      'compile_failed',
      `The source has several contracts: ${names}. Name one with "contract".`,
    )
  return first
}

function assertNoErrors(diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  if (errors.length === 0) return
  const shown = errors
    .slice(0, 5)
    .map(({ formattedMessage, message }) => clean(formattedMessage ?? message, 400))
  const hint = errors.some(({ message }) => message.includes('import callback'))
    ? ' Imports are not available: put everything into the one source.'
    : ''
  const more = errors.length > shown.length ? ` The first ${shown.length} of ${errors.length}:` : ''
  throw new AppError(
    'compile_failed',
    `The compiler refuses the source.${hint}${more} Its own words (untrusted):\n${shown.join('\n')}`,
    { details: { untrusted_errors: shown } },
  )
}

function isWarning({ severity }: Diagnostic): boolean {
  return severity === 'warning'
}

function codeOf(made: MadeContract): string {
  return made.evm.bytecode.object
}

function clean(text: string, limit: number): string {
  return cleanUntrustedText(text, limit, { keepLines: true }).text
}
