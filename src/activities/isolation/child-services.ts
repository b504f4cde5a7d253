import { z } from 'zod'

import { AppError } from '../../contracts/errors.ts'
import type { ToolServices } from '../../toolkit/tool-services.ts'
import { fromCrossingError } from './crossing-error.ts'
import type { FromProcess, ToProcess } from './protocol.ts'
import { type ServiceAsk, serviceAsk } from './service-ask.ts'

type AskOptions = {
  signal?: AbortSignal
  onStage?: ((stage: string, fraction: number) => void) | undefined
}

type Open = { resolve(value: unknown): void; reject(error: unknown): void; onStage: AskOptions['onStage'] }

type Answer = Extract<ToProcess, { kind: 'answer' | 'refusal' | 'stage' }>

/** The ports of a tool inside its process: every call is put to the worker, and its answer awaited. */
export type ChildServices = {
  services: ToolServices
  /** Calls that are not answered yet. */
  openCount(): number
  take(answer: Answer): void
}

/** Makes the ports for one run. */
export function createChildServices(
  send: (message: FromProcess) => void,
  defaultChainId: number,
): ChildServices {
  const open = new Map<number, Open>()
  let count = 0

  async function ask(wanted: ServiceAsk, { signal, onStage }: AskOptions = {}) {
    signal?.throwIfAborted()
    const id = count++
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const giveUp = (): void => {
      if (!open.delete(id)) return
      send({ kind: 'unask', id })
      reject(signal?.reason)
    }
    open.set(id, { resolve, reject, onStage })
    signal?.addEventListener('abort', giveUp, { once: true })
    try {
      send({ kind: 'ask', id, ask: toPlain(wanted) })
      return await promise
    } finally {
      open.delete(id)
      signal?.removeEventListener('abort', giveUp)
    }
  }

  return {
    services: toServices(
      async (wanted, options) => JSON.parse(String(await ask(wanted, options))),
      defaultChainId,
    ),
    openCount: () => open.size,
    take(answer) {
      const waiting = open.get(answer.id)
      if (answer.kind === 'stage') waiting?.onStage?.(answer.stage, answer.fraction)
      else if (answer.kind === 'answer') waiting?.resolve(answer.value)
      else waiting?.reject(fromCrossingError(answer.error))
    },
  }
}

// What a worker answers is what its own ports return: there is nothing to be parsed but the JSON.
type AskForJson = (wanted: ServiceAsk, options?: AskOptions) => Promise<ReturnType<typeof JSON.parse>>

function toServices(ask: AskForJson, defaultChainId: number): ToolServices {
  return {
    chain: (chainId = defaultChainId) => ({
      chainId,
      context: (options) => ask({ port: 'chain.context', chainId }, options),
      accountInfo: (address, options) => ask({ port: 'chain.accountInfo', chainId, address }, options),
      tokenBalances: ({ address, tokens }, options) => {
        const request = tokens === undefined ? { address } : { address, tokens: [...tokens] }
        return ask({ port: 'chain.tokenBalances', chainId, request }, options)
      },
      readContract: ({ args, ...request }, options) =>
        ask({ port: 'chain.readContract', chainId, request: { ...request, args: [...args] } }, options),
      simulateDeployment({ abi, args, ...deployment }, options) {
        const request = { ...deployment, abi: [...abi], args: [...args] }
        return ask({ port: 'chain.simulateDeployment', chainId, request }, options)
      },
    }),
    compiler: () => ({
      compile: (request, options) => ask({ port: 'compiler.compile', request }, options),
    }),
    now: () => new Date(),
    results: {
      read: ({ callId }, range) => ask({ port: 'results.read', callId, range }),
      find: ({ callId }, search) => ask({ port: 'results.find', callId, search }),
    },
    http: (name) => ({
      request: ({ query, headers, ...request }, options) =>
        ask(
          {
            port: 'http.request',
            name,
            request: {
              ...request,
              ...(query === undefined ? {} : { query: { ...query } }),
              ...(headers === undefined ? {} : { headers: { ...headers } }),
            },
          },
          options,
        ),
    }),
    memory: { search: ({ query, limit }) => ask({ port: 'memory.search', query, limit }) },
  }
}

/** What crosses is JSON and nothing else; what the worker would not understand it would not answer. */
function toPlain(wanted: ServiceAsk): ServiceAsk {
  let json: string
  try {
    json = JSON.stringify(wanted)
  } catch (cause) {
    throw new AppError('tool_failed', `What ${wanted.port} was asked for cannot be written as JSON.`, {
      cause,
    })
  }
  const { data, error } = serviceAsk.safeParse(JSON.parse(json))
  if (data !== undefined) return data
  throw new AppError('tool_failed', `What ${wanted.port} was asked for is wrong: ${z.prettifyError(error)}`)
}
