/** A reason not to start that a person can do something about; shown without a stack. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

/** The words of an error and of what caused it. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // A refused connection to both addresses of `localhost` is an AggregateError without a message.
  const message = error.message || (error instanceof AggregateError ? messageOf(error.errors[0]) : error.name)
  return error.cause === undefined ? message : `${message}: ${messageOf(error.cause)}`
}
