/** No answer came from the server: it is not running, the network is gone, or it took too long. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
  readonly url: string

  constructor(url: string, cause: unknown) {
    super(`${url} does not answer (${reasonOf(cause)}).`, { cause })
    this.url = url
  }
}

/** fetch says only "fetch failed"; what happened stands in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'it took too long'
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
}
