import type { ApiServices } from '../api-services.ts'
import { createRouter } from '../open-api.ts'

/** For Prometheus; open to all, like the health routes. Not part of the API, so not in its document. */
export function metricsRoutes({ metrics }: ApiServices) {
  return createRouter().get('/metrics', async (context) =>
    context.body(await metrics.read(), 200, { 'content-type': metrics.contentType }),
  )
}
