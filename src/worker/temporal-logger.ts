import { DefaultLogger, type Logger as TemporalLogger } from '@temporalio/worker'

import type { Logger } from '../ops/logger.ts'

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'debug', WARN: 'warn', ERROR: 'error' } as const

/** Sends the SDK's log lines through the process's logger, so that they are redacted too. */
export function toTemporalLogger(logger: Logger): TemporalLogger {
  return new DefaultLogger('INFO', ({ level, message, meta }) => {
    logger[levels[level]]({ ...meta, source: 'temporal' }, message)
  })
}
