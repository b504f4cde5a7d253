import { ProblemError } from '../../client/problem-error.ts'
import { type RequestOutcome, requestOutcomes } from '../../contracts/human-request.ts'

/** Why an answer was not taken: the request is over, some answers are wrong, or something else. */
export type RefusedAnswer =
  | { kind: 'over'; outcome: RequestOutcome | undefined }
  | { kind: 'invalid'; errors: Record<string, string> }
  | { kind: 'failed'; message: string }

/** Reads what the server says to an answer that it does not take. */
export function readRefusedAnswer(error: unknown): RefusedAnswer {
  if (!(error instanceof ProblemError)) return { kind: 'failed', message: messageOf(error) }
  switch (error.code) {
    case 'request_resolved':
      return { kind: 'over', outcome: requestOutcomes.find((each) => each === error.outcome) }
    case 'request_expired':
      return { kind: 'over', outcome: 'expired' }
    case 'not_found':
      return { kind: 'over', outcome: undefined }
    case 'invalid_answers':
      return readFieldErrors(error)
    default:
      return { kind: 'failed', message: `${error.message} (${error.code})` }
  }
}

/** Errors name their question as `answers.<id>`; the id may have dots of its own. */
function readFieldErrors(error: ProblemError): RefusedAnswer {
  const list: unknown[] = Array.isArray(error.errors) ? error.errors : []
  const found = list.flatMap((each): [string, string][] => {
    if (typeof each !== 'object' || each === null || !('path' in each) || !('message' in each)) return []
    const { path, message } = each
    if (typeof path !== 'string' || typeof message !== 'string') return []
    return [[path.replace(/^answers\./, ''), message]]
  })
  return found.length === 0
    ? { kind: 'failed', message: error.message }
    : { kind: 'invalid', errors: Object.fromEntries(found) }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
