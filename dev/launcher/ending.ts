/**
 * Resolves with the reason when this process should stop: a signal, or the end of the command that started
 * it and that can no longer pass a signal on. Later reasons change nothing.
 */
export function waitForEnding(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal))
    process.on('disconnect', () => resolve('the command that started it is gone'))
    process.on('uncaughtException', (error) => {
      process.exitCode = 1
      resolve(error.stack ?? error.message)
    })
    // A terminal that is gone cannot be written to, which is no reason to fail.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  })
}
