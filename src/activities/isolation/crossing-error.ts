import { AppError, type ErrorCode, errorStatus } from '../../contracts/errors.ts'
import type { CrossingError } from './protocol.ts'

/** Any thrown value, as it can cross to another process. Never throws. */
export function toCrossingError(thrown: unknown): CrossingError {
  try {
    return describe(thrown)
  } catch {
    // It says something else about itself each time it is looked at, or throws.
    return { name: 'Thrown', message: `A thrown ${typeof thrown} that cannot be read.` }
  }
}

/** The error again: an `AppError` when it was one. */
export function fromCrossingError(crossed: CrossingError): Error {
  const { code, message, retryAfterMs } = crossed
  if (code !== undefined && isErrorCode(code)) {
    const details = crossed.details ?? {}
    return new AppError(code, message, { details, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
  }
  const error = new Error(message)
  error.name = crossed.name
  error.stack = crossed.stack ?? `${crossed.name}: ${message}`
  return error
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorStatus, code)
}

function describe(thrown: unknown): CrossingError {
  if (!(thrown instanceof Error)) return { name: 'Thrown', message: String(thrown) }
  const plain = {
    name: String(thrown.name),
    message: String(thrown.message),
    stack: String(thrown.stack),
  }
  if (!(thrown instanceof AppError)) return plain
  const { code, details, retryAfterMs } = thrown
  return {
    ...plain,
    code,
    ...(Object.keys(details).length === 0 ? {} : { details: JSON.parse(JSON.stringify(details)) }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}
