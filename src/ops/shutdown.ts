import type { Logger } from './logger.ts'

/** One thing to stop. `run` that takes longer than `timeoutMs` is left behind. */
export type ShutdownStep = { name: string; timeoutMs: number; run(): Promise<void> | void }

const totalMs = 10_000
const signals = ['SIGTERM', 'SIGINT'] as const

/**
 * Runs the steps in order on SIGTERM or SIGINT and exits with 0, at most 10 s later. A second signal exits
 * at once. What nobody caught is logged and ends the process with 1: its state is unknown. Returns whether the
 * steps run.
 */
export function onShutdown(logger: Logger, steps: readonly ShutdownStep[]): () => boolean {
  let stopping = false
  for (const signal of signals) {
    process.on(signal, () => {
      if (stopping) process.exit(1)
      stopping = true
      logger.info({ signal }, 'stopping')
      setTimeout(() => leaveLate(logger), totalMs).unref()
      void runSteps(logger, steps).then(() => process.exit(0))
    })
  }
  process.on('uncaughtException', (err, origin) => {
    logger.fatal({ err, origin }, 'ended by an error that nobody caught')
    process.exit(1)
  })
  return () => stopping
}

async function runSteps(logger: Logger, steps: readonly ShutdownStep[]): Promise<void> {
  for (const step of steps) {
    const startedMs = performance.now()
    try {
      const inTime = await runStep(step)
      const fields = { step: step.name, durationMs: Math.round(performance.now() - startedMs) }
      if (inTime) logger.debug(fields, 'stopped')
      else logger.warn(fields, 'a part did not stop in time')
    } catch (err) {
      logger.error({ err, step: step.name }, 'a part failed to stop')
    }
  }
}

async function runStep(step: ShutdownStep): Promise<boolean> {
  const late = Promise.withResolvers<false>()
  const timer = setTimeout(() => late.resolve(false), step.timeoutMs)
  const done = Promise.resolve(step.run()).then(() => true)
  try {
    return await Promise.race([done, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function leaveLate(logger: Logger): void {
  logger.warn({ totalMs }, 'stopped before every part had ended')
  process.exit(0)
}
