import { AppError } from '../contracts/errors.ts'

/**
 * Runs every parser of settings and throws one error that names the faults of all, so that an operator
 * corrects them at once instead of one start at a time. Other errors pass through.
 * @throws AppError `configuration`
 */
export function assertConfiguration(parsers: readonly (() => unknown)[]): void {
  const errors = parsers.flatMap(findConfigurationError)
  const [first] = errors
  if (first === undefined) return
  if (errors.length === 1) throw first
  throw new AppError('configuration', errors.map(({ message }) => message).join('\n'), {
    details: { faults: errors.map(({ details }) => details) },
  })
}

function findConfigurationError(parse: () => unknown): AppError[] {
  try {
    parse()
    return []
  } catch (error) {
    if (error instanceof AppError && error.code === 'configuration') return [error]
    throw error
  }
}
