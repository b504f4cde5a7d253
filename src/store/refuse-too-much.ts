import { AppError } from '../contracts/errors.ts'

/**
 * Waits for a statement whose work grows with what it was given. One that the server gave up would be given up again
 * each time, so it is refused, and not called an outage.
 * @throws AppError `payload_too_large` with this message
 */
export async function refuseTooMuch<Answer>(statement: Promise<Answer>, message: string): Promise<Answer> {
  try {
    return await statement
  } catch (error) {
    if (!isGivenUp(error)) throw error
    throw new AppError('payload_too_large', message, { cause: error })
  }
}

const canceled = '57014'

function isGivenUp(error: unknown): boolean {
  if (!(error instanceof AppError) || error.code !== 'database_unavailable') return false
  const { cause } = error
  return cause instanceof Error && 'code' in cause && cause.code === canceled
}
