import { pino } from 'pino'
import type { DestinationStream, Logger as PinoLogger } from 'pino'

import type { LogLevel } from './config.ts'
import { describeError, redactFields, redactLine } from './redact.ts'

/**
 * Structured log: JSON lines. Short fixed messages, facts as fields; children carry `conversationId`,
 * `turnId`, `callId` and `requestId`. Log an error as `{ err }`.
 */
export type Logger = PinoLogger

export type LoggerOptions = {
  level: LogLevel
  /** Which process writes: api, worker, launcher … */
  part: string
  /** Default: standard output. */
  destination?: DestinationStream
}

/** Makes the one logger of a process. Secrets and content are removed whatever a caller passes. */
export function createLogger({ level, part, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { part, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redactFields },
      serializers: { err: (error: unknown) => (error instanceof Error ? describeError(error) : error) },
      // Whatever reaches the finished line, message texts and stacks included.
      hooks: { streamWrite: redactLine },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  )
}
