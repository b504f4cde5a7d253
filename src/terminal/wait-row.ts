import type { HumanRequest } from '../contracts/human-request.ts'
import { describeExpiry, describeRequest } from './prompts/describe-request.ts'

/** Which person's word is waited for and until when; the end first, because it may be cut. */
export function waitRow(request: HumanRequest, count: number, nowMs: number): string {
  const others = count > 1 ? ` and ${count - 1} more` : ''
  return `waiting ${describeExpiry(request, nowMs)} for ${describeRequest(request)}${others}`
}
