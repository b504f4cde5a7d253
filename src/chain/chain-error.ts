import {
  AbiDecodingDataSizeTooSmallError,
  AbiDecodingZeroDataError,
  HttpRequestError,
  ResponseBodyTooLargeError,
  RpcRequestError,
} from 'viem'

import { AppError } from '../contracts/errors.ts'
import type { FetchBounds } from '../services/bounded-fetch.ts'
import { toRpcError } from './rpc-error.ts'

/**
 * Turns whatever a chain library threw into our two codes: `chain_unavailable` (may work later) and
 * `chain_rejected` (will not). The library's error is left behind, cause included: its message, its stack and
 * its JSON hold the RPC's URL with the key, request headers and bodies.
 */
export function toChainError(error: unknown, chainId: number): AppError {
  const causes = listCauses(error)
  const at = `Chain ${chainId}: `
  for (const cause of causes) {
    if (cause instanceof AppError) return withoutCause(cause, at)
    if (cause instanceof RpcRequestError) return toRpcError(cause, at)
    if (cause instanceof ResponseBodyTooLargeError) return rejected(`${at}the RPC's answer is too large.`)
    if (isRedirect(cause)) return rejected(`${at}the RPC redirects, which is not followed. ${correctUrl}`)
    if (cause.name === 'TimeoutError')
      return unavailable(`${at}the RPC did not answer in time. Try again later.`)
    if (isUndecodable(cause)) return rejected(`${at}the answer does not have the declared types.`)
  }
  const http = causes.find((cause) => cause instanceof HttpRequestError)
  if (http) return toHttpError(http.status, at)
  const kind = error instanceof Error ? error.name : typeof error
  return rejected(`${at}the reading failed (${kind}).`)
}

/** Whether the chain answered with a refusal, as a revert, so that asking again would change nothing. */
export function isChainRefusal(error: unknown): boolean {
  return toChainError(error, 0).code === 'chain_rejected'
}

/** What the bounds of a request mean. */
export const fetchErrors: FetchBounds['errors'] = {
  refused: (status, retryAfterMs) =>
    new AppError('chain_unavailable', `The RPC takes no more requests for now (HTTP ${status}).`, {
      details: { status },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }),
  tooLarge: (limitBytes) => rejected(`The RPC answered with more than ${limitBytes} bytes.`),
}

const correctUrl = 'Correct its URL in PERDURA_CHAINS.'

function toHttpError(status: number | undefined, at: string): AppError {
  if (status === undefined) return unavailable(`${at}the RPC cannot be reached or does not speak JSON-RPC.`)
  if (status === 401 || status === 403) {
    return rejected(`${at}the RPC refuses the operator's credentials (HTTP ${status}). ${correctUrl}`)
  }
  if (status >= 500 || status === 408)
    return unavailable(`${at}the RPC is failing (HTTP ${status}). Try again later.`)
  return rejected(`${at}the RPC refuses the request (HTTP ${status}).`)
}

function isRedirect(error: Error): boolean {
  return error.message === 'unexpected redirect'
}

function isUndecodable(error: Error): boolean {
  return (
    error instanceof AbiDecodingDataSizeTooSmallError ||
    error instanceof AbiDecodingZeroDataError ||
    /^(Abi|Position|Recursive|SizeExceeds|InvalidBytes|IntegerOutOfRange)/.test(error.name)
  )
}

function withoutCause(error: AppError, at: string): AppError {
  const isOfChain = error.code === 'chain_unavailable' || error.code === 'chain_rejected'
  const message = isOfChain && !error.message.startsWith(at) ? `${at}${error.message}` : error.message
  return new AppError(error.code, message, {
    details: error.details,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  })
}

function listCauses(error: unknown): Error[] {
  const causes: Error[] = []
  for (let next = error; next instanceof Error && causes.length < 12; next = next.cause) causes.push(next)
  return causes
}

function unavailable(message: string): AppError {
  return new AppError('chain_unavailable', message)
}

function rejected(message: string): AppError {
  return new AppError('chain_rejected', message)
}
