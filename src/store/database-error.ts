import { AppError } from '../contracts/errors.ts'

// SQLSTATE classes: connection lost, resources exhausted, operator intervention (shutdown, still starting).
const unavailableClasses = ['08', '53', '57']
const socketCodes = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT']
const driverMessages =
  /terminat|timeout exceeded when trying to connect|connection error|not queryable|closed the connection/i

/**
 * Translates an error of the driver: a database that cannot be reached becomes `database_unavailable`,
 * anything else stays what it is, because it is a fault of the program.
 */
export function toDatabaseError(error: unknown): unknown {
  return isUnavailable(error)
    ? new AppError('database_unavailable', 'PostgreSQL cannot be reached. Try again in a moment.', {
        cause: error,
        retryAfterMs: 1_000,
      })
    : error
}

function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isUnavailable)
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  if (code === undefined) return driverMessages.test(error.message)
  return socketCodes.includes(code) || unavailableClasses.includes(code.slice(0, 2))
}
