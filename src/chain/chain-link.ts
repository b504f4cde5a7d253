import { AppError } from '../contracts/errors.ts'
import type { ExternalService } from '../services/external-service.ts'
import { ownCaller, type ServiceCaller } from '../services/service-caller.ts'
import { toChainError } from './chain-error.ts'
import { createChainReader, rpcTimeoutMs } from './clients.ts'
import type { ChainReader } from './clients.ts'

export type ChainLinkOptions = {
  chainId: number
  rpcUrl: string
  /** What its node is asked goes through here. */
  service: ExternalService
  /** Milliseconds since some start, for the hourly check. */
  nowMs: () => number
  timeoutMs?: number
  responseSizeLimitBytes?: number
}

/** What a check has found out about the node behind a URL. */
export type ChainFacts = { isLocal: boolean }

/** Who reads, until when. */
export type ChainUser = { caller: ServiceCaller; signal: AbortSignal }

export type ChainLink = {
  readonly chainId: number
  /** What is known without asking; absent until a check has succeeded. */
  findFacts(): ChainFacts | undefined
  /** Asks the node which chain it serves. Callers at the same time share one look. */
  check(): Promise<ChainFacts>
  /**
   * Lends a reader that ends with the user's signal. Checks the chain id first when that was last done an hour ago.
   * @throws AppError `chain_unavailable`, `chain_rejected` or `service_busy`; the signal's reason when it has aborted
   */
  withReader<T>(user: ChainUser, use: (reader: ChainReader, facts: ChainFacts) => Promise<T>): Promise<T>
}

const checkIntervalMs = 3_600_000
const localChainIds: ReadonlySet<number> = new Set([31337, 1337])

/** Links one configured chain. Asks nothing by itself, so a node that is down does not stop a start. */
export function createChainLink(options: ChainLinkOptions): ChainLink {
  let known: { facts: ChainFacts; atMs: number } | undefined
  let pending: Promise<ChainFacts> | undefined

  const open = (user: ChainUser) => createChainReader({ ...options, ...user })

  async function look(): Promise<ChainFacts> {
    try {
      const facts = await readFacts(
        open({ caller: ownCaller, signal: AbortSignal.timeout(rpcTimeoutMs) }),
        options.chainId,
      )
      known = { facts, atMs: options.nowMs() }
      return facts
    } catch (error) {
      known = undefined
      throw toChainError(error, options.chainId)
    }
  }

  function check(): Promise<ChainFacts> {
    pending ??= look().finally(() => {
      pending = undefined
    })
    return pending
  }

  async function withReader<T>(
    { caller, signal }: ChainUser,
    use: (reader: ChainReader, facts: ChainFacts) => Promise<T>,
  ) {
    signal.throwIfAborted()
    const isFresh = known !== undefined && options.nowMs() - known.atMs < checkIntervalMs
    const facts = known && isFresh ? known.facts : await orAbort(check(), signal)
    try {
      return await use(open({ caller, signal }), facts)
    } catch (error) {
      signal.throwIfAborted()
      throw toChainError(error, options.chainId)
    }
  }

  return { chainId: options.chainId, findFacts: () => known?.facts, check, withReader }
}

async function readFacts(reader: ChainReader, chainId: number): Promise<ChainFacts> {
  const served = await reader.getChainId()
  if (served !== chainId) {
    throw new AppError(
      'chain_rejected',
      `Its RPC serves chain ${served}. Correct the entry ${chainId} of PERDURA_CHAINS.`,
    )
  }
  if (!localChainIds.has(chainId)) return { isLocal: false }
  // The id alone proves nothing: anyone may run a chain with it.
  const version = await reader.request({ method: 'web3_clientVersion' })
  return { isLocal: /^anvil\//i.test(version) }
}

// The look is shared, so one caller's Stop must not end it for the others.
async function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
