import { createRoute } from '@hono/zod-openapi'

import type { Snapshot } from '../../contracts/event.ts'
import type { CallProgress, ToolProgressAnswer } from '../../contracts/tool-call.ts'
import { progressAnswerSchema } from '../../schemas/tool-call.ts'
import { listLastProgress } from '../../store/last-progress.ts'
import { findLogTime } from '../../store/log-end.ts'
import { getSnapshot } from '../../store/snapshots.ts'
import type { ApiServices } from '../api-services.ts'
import { bearer, createRouter, idParams, json, problems } from '../open-api.ts'

const progress = createRoute({
  method: 'get',
  path: '/api/conversations/{id}/progress',
  summary:
    "Says where the running turn's tools and the background calls are: the workflow's own answer about the turn, or the log's with its age.",
  security: bearer,
  request: { params: idParams },
  responses: {
    200: json(progressAnswerSchema, 'The calls that run.'),
    ...problems(401, 404, 503),
  },
})

/** Progress of tools. */
export function progressRoutes({ database, workflows }: ApiServices) {
  return createRouter().openapi(progress, async (context) => {
    const { id } = context.req.valid('param')
    const snapshot = await getSnapshot(database, context.get('owner').id, id)
    const queried = await workflows.queryProgress(id)
    const now = new Date().toISOString()
    const answer =
      queried === undefined
        ? {
            turnId: snapshot.turn?.turnId,
            calls: snapshot.calls,
            asOf: (await findLogTime(database, id)) ?? now,
          }
        : { ...queried, calls: [...queried.calls, ...backgroundOf(snapshot, queried)], asOf: now }
    const seen = await listLastProgress(
      database,
      id,
      answer.calls.map(({ callId }) => callId),
    )
    const calls = answer.calls.map((call) => {
      const last = seen.get(call.callId)
      return last === undefined ? call : { ...call, progress: last }
    })
    const { turnId, asOf } = answer
    const source = queried === undefined ? ('log' as const) : ('workflow' as const)
    return context.json({ ...(turnId === undefined ? {} : { turnId }), calls, asOf, source }, 200)
  })
}

/** Background calls that run beside what the workflow knows of. */
function backgroundOf(snapshot: Snapshot, queried: ToolProgressAnswer): CallProgress[] {
  const known = new Set(queried.calls.map(({ callId }) => callId))
  return snapshot.calls.filter(
    ({ callId, background, status }) => background && status === 'running' && !known.has(callId),
  )
}
