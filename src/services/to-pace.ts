import type { RequestLimit } from '../contracts/services.ts'
import type { ServicePace } from '../store/services.ts'

/**
 * Turns a limit into a pace that keeps it in every stretch of its length, wherever that begins: a tenth of it may go at
 * once, and the rest is spread over the time.
 */
export function toPace({ requests, periodMs }: RequestLimit): ServicePace {
  const burst = Math.max(1, Math.floor(requests / 10))
  return { burst, intervalMs: periodMs / (requests - burst + 1) }
}
