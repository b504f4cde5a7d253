import type { ServiceStatus } from '../../contracts/services.ts'
import type * as answers from '../api-answers.ts'
import { requestJson, type Transport } from '../send-request.ts'

/** What the deployment offers. */
export function deploymentCalls(transport: Transport) {
  return {
    listModels: () => requestJson<answers.ModelList>(transport, { path: '/api/models' }),
    listTools: () => requestJson<{ tools: answers.ToolEntry[] }>(transport, { path: '/api/tools' }),
    listChains: () => requestJson<{ chains: answers.ChainEntry[] }>(transport, { path: '/api/chains' }),
    /** For operators: the client's token is the admin key. */
    listServices: () =>
      requestJson<{ services: ServiceStatus[] }>(transport, { path: '/api/admin/services' }),
  }
}
