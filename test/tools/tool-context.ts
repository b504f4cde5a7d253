import { AppError } from '../../src/contracts/errors.ts'
import type { ToolContext } from '../../src/toolkit/tool.ts'
import type { ToolServices } from '../../src/toolkit/tool-services.ts'

/** The time that a scripted clock shows. */
const scriptedNow = new Date('2026-11-21T16:30:00.500Z')

/** Services of a deployment that has nothing. */
export const noServices: ToolServices = {
  chain() {
    throw new AppError('unknown_chain', 'There is no chain in this test.')
  },
  compiler() {
    throw new Error('There is no compiler in this test.')
  },
  http() {
    throw new AppError('tool_failed', 'There is no HTTP service in this test.')
  },
  memory: { search: async () => [] },
  now: () => scriptedNow,
  results: {
    read: () => Promise.reject(new AppError('result_unknown', 'There are no results in this test.')),
    find: () => Promise.reject(new AppError('result_unknown', 'There are no results in this test.')),
  },
}

/** What a tool is given when a test runs it. */
export function toolContext(changes: Partial<ToolContext> = {}): ToolContext {
  return {
    signal: new AbortController().signal,
    progress: () => {},
    log: () => {},
    services: noServices,
    owner: 'owner',
    chainId: 31337,
    conversationId: 'c1',
    callId: 'c1.t1.r0.c0',
    idempotencyKey: 'c1.t1.r0.c0',
    ...changes,
  }
}
