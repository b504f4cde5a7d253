import { createPublicClient, http } from 'viem'
import type { HttpTransport, PublicClient } from 'viem'

import { createBoundedFetch } from '../services/bounded-fetch.ts'
import type { ExternalService } from '../services/external-service.ts'
import { sendWithTries } from '../services/send-with-tries.ts'
import type { ServiceCaller } from '../services/service-caller.ts'
import { fetchErrors, toChainError } from './chain-error.ts'

/** A client for reading. Built for one call: it ends with the call's signal. */
export type ChainReader = PublicClient<HttpTransport>

export type ReaderOptions = {
  chainId: number
  rpcUrl: string
  /** Shared by all readers of a chain: counts, limits and repeats what they send. */
  service: ExternalService
  caller: ServiceCaller
  signal: AbortSignal
  /** Of one request. */
  timeoutMs?: number
  responseSizeLimitBytes?: number
}

/** Bounds of one request to an RPC. */
export const rpcTimeoutMs = 30_000
const rpcResponseSizeLimitBytes = 8 * 1024 * 1024

/**
 * Makes the only kind of RPC client that the product has. Its URL comes from the operator's configuration.
 * Making one costs microseconds; connections are kept alive by `fetch`, below it.
 */
export function createChainReader(options: ReaderOptions): ChainReader {
  const timeoutMs = options.timeoutMs ?? rpcTimeoutMs
  const responseSizeLimitBytes = options.responseSizeLimitBytes ?? rpcResponseSizeLimitBytes
  const transport = http(options.rpcUrl, {
    fetchFn: createBoundedFetch({
      timeoutMs,
      responseSizeLimitBytes,
      signal: options.signal,
      errors: fetchErrors,
    }),
    fetchOptions: { redirect: 'error' },
    maxResponseBodySize: responseSizeLimitBytes,
    // The bound of one request is in the fetch.
    timeout: 0,
    // The service repeats.
    retryCount: 0,
  })
  return createPublicClient({
    // A contract could make the server fetch a URL of its choice and show the answer.
    ccipRead: false,
    transport: throughService(transport, options),
  })
}

/** Every request of the transport, also each of a call that makes several, goes through the service. */
function throughService(
  transport: HttpTransport,
  { chainId, service, caller, signal }: ReaderOptions,
): HttpTransport {
  return (parameters) => {
    const made = transport(parameters)
    const request: typeof made.request = (args, options) =>
      sendWithTries({
        service,
        caller,
        signal,
        send: () => made.request(args, options),
        toError: (failure) => toChainError(failure, chainId),
      })
    return { ...made, request }
  }
}
