import { createPublicClient, http } from 'viem'
import type { HttpTransport, PublicClient } from 'viem'

import { createBoundedFetch } from './bounded-fetch.ts'
import type { Slots } from './slots.ts'

/** A client for reading. Built for one call: it ends with the call's signal. */
export type ChainReader = PublicClient<HttpTransport>

export type ReaderOptions = {
  rpcUrl: string
  signal: AbortSignal
  /** Shared by all readers of a chain: bounds its sockets. */
  slots: Slots
  /** Of one request. */
  timeoutMs?: number
  responseSizeLimitBytes?: number
}

/** Bounds of one request to an RPC. */
export const rpcTimeoutMs = 10_000
const rpcResponseSizeLimitBytes = 8 * 1024 * 1024
export const rpcSlotCount = 24

/**
 * Makes the only kind of RPC client that the product has. Its URL comes from the operator's configuration.
 * Making one costs microseconds; connections are kept alive by `fetch`, below it.
 */
export function createChainReader(options: ReaderOptions): ChainReader {
  const timeoutMs = options.timeoutMs ?? rpcTimeoutMs
  const responseSizeLimitBytes = options.responseSizeLimitBytes ?? rpcResponseSizeLimitBytes
  const { slots, signal } = options
  return createPublicClient({
    // A contract could make the server fetch a URL of its choice and show the answer.
    ccipRead: false,
    transport: http(options.rpcUrl, {
      fetchFn: createBoundedFetch({ timeoutMs, responseSizeLimitBytes, slots, signal }),
      fetchOptions: { redirect: 'error' },
      maxResponseBodySize: responseSizeLimitBytes,
      // The bound of one request is in the fetch, after the wait for a slot.
      timeout: 0,
      // Whether to try again is the activity's decision.
      retryCount: 0,
    }),
  })
}
