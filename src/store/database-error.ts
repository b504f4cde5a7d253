import { AppError } from '../contracts/errors.ts'

// SQLSTATE classes: connection lost, rolled back (deadlock), resources exhausted, not in the needed state
// (lock not available), operator intervention (shutdown, still starting), system error.
const unavailableClasses = ['08', '40', '53', '55', '57', '58']
// A server that has just become a standby.
const readOnlyTransaction = '25006'
const socketCodes = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'ENOENT',
]
const driverMessages =
  /terminat|query read timeout|timeout exceeded when trying to connect|connection error|not queryable|closed the connection/i

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
  return (
    socketCodes.includes(code) ||
    code === readOnlyTransaction ||
    unavailableClasses.includes(code.slice(0, 2))
  )
}
