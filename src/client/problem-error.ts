/** What a problem document says, besides its status. */
export type ProblemFields = {
  code: string
  title: string
  detail?: string
  requestId?: string
  errors?: unknown
  /** What had become of a request that is resolved already. */
  outcome?: string
}

/**
 * The server answered a request with an error (RFC 9457). `code` is stable and is what to switch on;
 * the message is made for people.
 */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly requestId: string | undefined
  readonly errors: unknown
  /** Of `request_resolved`: what the request had come to. */
  readonly outcome: string | undefined
  /** How long the server asks to wait before a repeat, in milliseconds. */
  readonly retryAfterMs: number | undefined

  constructor(status: number, fields: ProblemFields, retryAfterMs?: number) {
    super(fields.detail ?? fields.title)
    this.status = status
    this.code = fields.code
    this.detail = fields.detail ?? fields.title
    this.requestId = fields.requestId
    this.errors = fields.errors
    this.outcome = fields.outcome
    this.retryAfterMs = retryAfterMs
  }
}

/** Reads an error answer; one that is no problem document (a proxy's page) gets the code `http_<status>`. */
export async function readProblem(response: Response): Promise<ProblemError> {
  const body = parseFields(await response.text().catch(() => ''))
  const title = body.title ?? `The server answered ${response.status} ${response.statusText}`.trim()
  const fields = { ...body, title, code: body.code ?? `http_${response.status}` }
  return new ProblemError(response.status, fields, readRetryAfterMs(response.headers.get('retry-after')))
}

function parseFields(text: string): Partial<ProblemFields> {
  try {
    const body = JSON.parse(text) as Record<string, unknown> | null
    if (typeof body !== 'object' || body === null) return {}
    return {
      ...(typeof body.code === 'string' && { code: body.code }),
      ...(typeof body.title === 'string' && { title: body.title }),
      ...(typeof body.detail === 'string' && { detail: body.detail }),
      ...(typeof body.requestId === 'string' && { requestId: body.requestId }),
      ...(typeof body.outcome === 'string' && { outcome: body.outcome }),
      ...(body.errors !== undefined && { errors: body.errors }),
    }
  } catch {
    return {}
  }
}

/** The header is either seconds or an HTTP date. */
function readRetryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
