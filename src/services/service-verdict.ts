import { AppError, type ErrorCode } from '../contracts/errors.ts'

/**
 * What a failed request says of its service: it wants a pause, it does not work, it works and refuses this request,
 * or nothing, because the fault is not its own.
 */
export type ServiceVerdict = 'limited' | 'down' | 'works' | 'none'

const failureCodes: ReadonlySet<ErrorCode> = new Set([
  'model_unavailable',
  'model_silent',
  'model_timeout',
  'chain_unavailable',
  'service_unavailable',
])

/** Whether it is one of those that may pass. */
export function isServiceFailure({ code }: AppError): boolean {
  return failureCodes.has(code) || code === 'model_rate_limited'
}

/** `answered`: the reply had begun, so the service is there, whatever became of the rest. */
export function judgeFailure(error: unknown, answered = false): ServiceVerdict {
  if (!(error instanceof AppError) || !/^(model|chain)_|^service_unavailable$/.test(error.code)) return 'none'
  const { code, details, retryAfterMs } = error
  if (code === 'model_rate_limited' || details['status'] === 429) return 'limited'
  if (!failureCodes.has(code)) return 'works'
  if (retryAfterMs !== undefined) return 'limited'
  // A node that answers with a JSON-RPC error is there.
  return answered || details['rpcCode'] !== undefined ? 'works' : 'down'
}
