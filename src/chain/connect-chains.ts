import { setTimeout } from 'node:timers/promises'

import { AppError } from '../contracts/errors.ts'
import type { ExternalServices } from '../services/external-services.ts'
import { ownCaller, type ServiceCaller } from '../services/service-caller.ts'
import type { ChainPort } from '../toolkit/tool-services.ts'
import type { ChainEndpoint, NamedAccount, RegistryToken } from './chain-config.ts'
import { createChainLink } from './chain-link.ts'
import type { ChainLink } from './chain-link.ts'
import { findChainName } from './chain-names.ts'
import { createChainPort } from './chain-port.ts'

export type ChainsOptions = {
  /** The first is the default. */
  chains: readonly ChainEndpoint[]
  services: Pick<ExternalServices, 'get'>
  namedAccounts?: readonly NamedAccount[]
  tokens?: readonly RegistryToken[]
  /** Told when a chain's node is away or serves another chain; the message is free of URLs. */
  onProblem?: (chainId: number, error: unknown) => void
  /** Of one request. Default 30 s. */
  timeoutMs?: number
}

/** One configured chain as people see it. `ok` and `local` are what the last look has found. */
export type ChainStatus = { chainId: number; name: string; local: boolean; ok: boolean }

export type Chains = {
  /**
   * Without a caller, the runtime itself reads.
   * @throws AppError `unknown_chain` with the configured ids.
   */
  chain(chainId?: number, caller?: ServiceCaller): ChainPort
  list(): ChainStatus[]
  /** Looks at every chain now; never throws. */
  check(): Promise<ChainStatus[]>
  close(): void
}

const checkIntervalMs = 3_600_000
// A node that hangs must not hold the start for its whole timeout.
const startGraceMs = 1_500

/**
 * Opens the configured chains. A node that is down stops nothing: it is looked at again with each call.
 * Each node is asked for its chain id at the start and every hour, since a URL may come to serve another chain.
 */
export async function connectChains(options: ChainsOptions): Promise<Chains> {
  const linked = new Map(options.chains.map((endpoint) => [endpoint.chainId, linkChain(endpoint, options)]))
  const links = [...linked.values()].map(({ link }) => link)
  const list = () => links.map(toStatus)

  async function check(): Promise<ChainStatus[]> {
    await Promise.all(
      links.map((link) => link.check().catch((error: unknown) => options.onProblem?.(link.chainId, error))),
    )
    return list()
  }

  await Promise.race([check(), setTimeout(startGraceMs, undefined, { ref: false })])
  const timer = setInterval(() => void check(), checkIntervalMs)
  timer.unref()
  return {
    chain: (chainId, caller = ownCaller) => getChain(linked, chainId).port(caller),
    list,
    check,
    close: () => clearInterval(timer),
  }
}

type Linked = { link: ChainLink; port(caller: ServiceCaller): ChainPort }

function linkChain(endpoint: ChainEndpoint, options: ChainsOptions): Linked {
  const { chainId, rpcUrl } = endpoint
  const link = createChainLink({
    chainId,
    rpcUrl,
    service: options.services.get(`chain:${chainId}`),
    nowMs: () => performance.now(),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  })
  const tokens = (options.tokens ?? []).filter((token) => token.chainId === chainId)
  const registry = { chainId, tokens, namedAccounts: options.namedAccounts ?? [] }
  return { link, port: (caller) => createChainPort(link, registry, caller) }
}

function getChain(linked: ReadonlyMap<number, Linked>, chainId: number | undefined): Linked {
  const [first] = linked.keys()
  const found = linked.get(chainId ?? first ?? 0)
  if (found) return found
  const configured = [...linked.keys()].join(', ') || 'none'
  throw new AppError(
    'unknown_chain',
    `Chain ${chainId ?? '(default)'} is not configured. Configured: ${configured}. Add it to PERDURA_CHAINS or use another chain.`,
  )
}

function toStatus(link: ChainLink): ChainStatus {
  const facts = link.findFacts()
  return {
    chainId: link.chainId,
    name: findChainName(link.chainId).name,
    local: facts?.isLocal ?? false,
    ok: facts !== undefined,
  }
}
