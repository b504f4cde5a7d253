/** The ports through which tools reach the world; a worker makes them once and shares them. */
import type { MemoryHit } from '../contracts/memory.ts'
import type { ResultMatches, ResultPart } from '../contracts/result.ts'

/** A block that a reading is bound to. */
export type BlockRef = { number: string; hash: string }

export type AccountInfo = {
  address: string
  balanceEth: string
  nonce: number
  code: 'none' | 'contract' | 'delegated'
  block: BlockRef
}

export type TokenBalance = {
  token: string
  /** The symbol that the operator's registry gives it; absent for other tokens, whatever they call themselves. */
  registrySymbol?: string
  /** Hostile text, cleaned and cut. */
  untrusted_symbol: string
  untrusted_name: string
  /** How many invisible characters were taken out of the two; absent when none. */
  removedCharacters?: number
  decimals: number
  /** Decimal string in whole units. */
  balance: string
}

/** Balances at one block; a token that does not answer as an ERC-20 is in `failed`. */
export type TokenBalances = {
  block: BlockRef
  balances: TokenBalance[]
  failed: { token: string; reason: string }[]
}

export type ChainContext = {
  chainId: number
  name: string
  nativeSymbol: string
  local: boolean
  block: BlockRef & { timestamp: string }
  /** Base fee in gwei, as a decimal string. */
  baseFeeGwei: string
  /** Accounts that a local chain knows by name. */
  namedAccounts: { name: string; address: string }[]
  /** Tokens of the curated registry. */
  tokens: { symbol: string; address: string; decimals: number }[]
}

export type ContractReadRequest = {
  address: string
  /** A human-readable function signature, as `function balanceOf(address) view returns (uint256)`. */
  signature: string
  args: readonly unknown[]
}

/** A result as JSON: integers are decimal strings, texts are hostile, cleaned and cut. */
export type ContractReading = {
  result: unknown
  removedCharacters: number
  isCut: boolean
  block: BlockRef
}

export type CompiledContract = {
  contract: string
  abi: readonly unknown[]
  /** Creation bytecode, 0x-prefixed. */
  bytecode: string
  runtimeSizeBytes: number
  compiler: string
  warnings: string[]
}

export type DeploymentRequest = {
  from: string
  bytecode: string
  abi: readonly unknown[]
  /** For the constructor, as JSON: integers as decimal strings. */
  args: readonly unknown[]
}

export type DeploymentSimulation = {
  from: string
  address: string
  gas: string
  gasPriceGwei: string
  costEth: string
  runtimeSizeBytes: number
  block: BlockRef
}

/** One configured chain. Every call throws `AppError` with a `chain_…` code, without URLs or keys. */
export interface ChainPort {
  readonly chainId: number
  context(options: { signal: AbortSignal }): Promise<ChainContext>
  accountInfo(address: string, options: { signal: AbortSignal }): Promise<AccountInfo>
  /** Without `tokens`: those of the curated registry. */
  tokenBalances(
    request: { address: string; tokens?: readonly string[] },
    options: { signal: AbortSignal },
  ): Promise<TokenBalances>
  readContract(request: ContractReadRequest, options: { signal: AbortSignal }): Promise<ContractReading>
  simulateDeployment(
    request: DeploymentRequest,
    options: { signal: AbortSignal },
  ): Promise<DeploymentSimulation>
}

/** The Solidity compiler, in a child process with memory and time limits. */
export interface CompilerPort {
  compile(
    request: { source: string; contract?: string },
    options: { signal: AbortSignal; onStage?: (stage: string, fraction: number) => void },
  ): Promise<CompiledContract>
}

/** Results of earlier calls, also those that were too large for the model to be given whole. */
export interface ResultPort {
  /** @throws AppError `result_unknown` with the reason */
  read(call: CallOfConversation, range: { offset: number; limit: number }): Promise<ResultPart>
  /**
   * Finds a text; capitals make no difference.
   * @throws AppError `result_unknown` with the reason
   */
  find(
    call: CallOfConversation,
    search: { text: string; offset: number; limit: number; contextChars: number },
  ): Promise<ResultMatches>
}

/** What was said in the owner's other conversations that take part in memory, as this one does. */
export interface MemoryPort {
  /** The best first; empty when this conversation takes no part. */
  search(wanted: {
    owner: string
    conversationId: string
    query: string
    limit: number
  }): Promise<MemoryHit[]>
}

/** A request to a service that the operator has configured. */
export type HttpRequest = {
  /** Below the service's URL, as `/coins/list`. */
  path: string
  /** Default GET. */
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  query?: Readonly<Record<string, string | number | boolean>>
  /** The operator's own headers come on top. */
  headers?: Readonly<Record<string, string>>
  /** Sent as it is; say what it is by `content-type`. */
  body?: string
  /** It may be sent more than once. Default: a GET may. Say so where the service knows repeats by a key. */
  isRepeatable?: boolean
}

/** What a service has answered, also with 4xx; what fails throws. */
export type HttpAnswer = { status: number; contentType: string; text: string }

/** One configured HTTP service. */
export interface HttpPort {
  /**
   * Waits for its turn where the operator limits the service. Ends after 30 s, redirects are not followed, and an answer
   * may have 8 MiB.
   * @throws AppError `service_unavailable`, after three tries of what may be repeated; `service_busy`, `tool_failed`
   */
  request(request: HttpRequest, options: { signal: AbortSignal }): Promise<HttpAnswer>
}

type CallOfConversation = { conversationId: string; callId: string }

export interface ToolServices {
  /** @throws AppError `unknown_chain` with the configured ids. */
  chain(chainId?: number): ChainPort
  compiler(): CompilerPort
  now(): Date
  results: ResultPort
  memory: MemoryPort
  /** A service of the operator's own, by its name. @throws AppError `tool_failed` with the configured names. */
  http(name: string): HttpPort
}
