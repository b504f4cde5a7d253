/**
 * What one folder may import. `parts`: other folders, or single files of them. `types`: the same, for
 * type imports only. `packages`: absent means any. `node`: modules of Node.
 */
export type Layer = {
  parts: readonly string[]
  types?: readonly string[]
  packages?: readonly string[]
  node: boolean
}

const services = ['contracts', 'schemas', 'ops']
/** Of the chain, what only computes: whatever reaches a chain comes as a port. */
const chainParser = 'chain/parse.ts'
/** Forms are checked before they are sent as well. */
const answerCheck = 'schemas/check-answers.ts'
/** Of models and chains, what says what there is. */
const registries = [
  'models/provider-config.ts',
  'models/create-budgets.ts',
  'models/model-registry.ts',
  'chain/chain-config.ts',
  'chain/connect-chains.ts',
  'chain/connect-configured-chains.ts',
]

/** Who may import whom. A folder that is not named here fails: decide what it may do. */
export const layers: Readonly<Record<string, Layer>> = {
  contracts: { parts: [], packages: [], node: false },
  schemas: { parts: ['contracts'], packages: ['zod', '@hono/zod-openapi'], node: false },
  workflows: { parts: ['contracts'], packages: ['@temporalio/workflow'], node: false },
  ops: { parts: ['contracts'], node: true },
  permissions: { parts: ['contracts', 'schemas'], packages: ['zod'], node: true },
  toolkit: { parts: ['contracts', 'schemas', chainParser], packages: ['zod'], node: true },
  tools: { parts: ['contracts', 'toolkit', chainParser], packages: ['zod'], node: false },
  // Guards what is sent to services outside.
  services: { parts: [...services, 'store'], types: ['toolkit/tool-services.ts'], node: true },
  models: { parts: [...services, 'services/retry-after.ts'], node: true },
  store: { parts: services, node: true },
  // It implements the ports that tools are given.
  chain: { parts: [...services, 'services'], types: ['toolkit/tool-services.ts'], node: true },
  activities: {
    parts: [...services, 'permissions', 'toolkit', 'models', 'store', 'chain', 'services'],
    node: true,
  },
  // Work of the helper model beside the turns; the model itself comes as a port.
  chores: { parts: [...services, 'store'], packages: ['zod'], node: false },
  catalogue: {
    parts: [...services, 'permissions', 'toolkit', 'services', ...registries, chainParser],
    node: true,
  },
  temporal: { parts: [...services, 'store'], node: true },
  api: { parts: [...services, 'permissions', 'store', 'services', 'catalogue', 'temporal'], node: true },
  client: { parts: ['contracts', answerCheck], node: false },
  terminal: { parts: ['contracts', 'client', answerCheck], node: true },
  web: { parts: ['contracts', 'client', answerCheck], node: false },
  worker: { parts: ['*'], node: true },
  dev: { parts: ['*'], node: true },
  bench: { parts: ['*'], node: true },
  // Runs on any Node, before anything is installed.
  'dev/bootstrap': { parts: [], packages: [], node: true },
}

/** viem stays behind the chain's ports and the users' own wallets. */
export const viemFolders: ReadonlySet<string> = new Set(['chain', 'web', 'terminal', 'dev', 'bench'])
