import { Context } from '@temporalio/activity'

import type { RequestResolution, ResolveRequestRef } from '../contracts/activity-interface.ts'
import { resolveRequest as storeResolution } from '../store/requests.ts'
import type { ActivityServices } from './activity-services.ts'
import { toEndlessRetry } from './attempt.ts'

/** Writes what became of a request; see `Activities.resolveRequest`. Mostly the api has written it already. */
export async function resolveRequest(
  ref: ResolveRequestRef,
  { database, logger }: ActivityServices,
): Promise<RequestResolution> {
  try {
    const resolved = await storeResolution(database, ref, ref.answerId)
    // With its conversation deleted nothing may run any more.
    return { calls: resolved?.calls ?? {} }
  } catch (fault) {
    logger.error({ err: fault, requestId: ref.requestId }, 'a request could not be resolved yet')
    throw toEndlessRetry(fault, Context.current().info.attempt)
  }
}
