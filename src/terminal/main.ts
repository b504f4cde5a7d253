import { CommanderError } from 'commander'
import { exitCodeOfError, exitCodes } from './exit-code.ts'
import { createProgram } from './program.ts'
import { toPlainLine } from './text-filter.ts'

// A reader that has seen enough (`| head`) is no failure; the turn goes on without us.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? exitCodes.success : exitCodes.failed)
})

const program = createProgram((exitCode) => {
  process.exitCode = exitCode
})

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}
// Open sockets must not keep a finished command waiting, but its output must be out.
await new Promise((resolve) => process.stdout.write('', resolve))
process.exit()

function report(error: unknown): number {
  // commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.usage
  process.stderr.write(`${toPlainLine(error instanceof Error ? error.message : String(error))}\n`)
  return exitCodeOfError(error)
}
