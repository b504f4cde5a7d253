import type { ToolContext } from '../../toolkit/tool.ts'
import { toCrossingError } from './crossing-error.ts'
import type { ToProcess } from './protocol.ts'
import type { ServiceAsk } from './service-ask.ts'

/** What the process of a tool has asked for, while its call runs. */
export type OpenAsks = {
  answer(id: number, ask: ServiceAsk): void
  /** Nobody waits for that one any more. */
  giveUp(id: number): void
  /** Ends all of them; what is asked from now on is refused. */
  close(): void
}

/** Puts what a tool asks for to the worker's own services, for the owner and the conversation of its call. */
export function answerAsks(context: ToolContext, send: (message: ToProcess) => void): OpenAsks {
  const open = new Map<number, AbortController>()
  const closing = new AbortController()

  async function put(id: number, ask: ServiceAsk, signal: AbortSignal): Promise<void> {
    const onStage = (stage: string, fraction: number): void => send({ kind: 'stage', id, stage, fraction })
    try {
      signal.throwIfAborted()
      const value = await callPort(ask, context, { signal, onStage })
      send({ kind: 'answer', id, value: JSON.stringify(value ?? null) })
    } catch (error) {
      send({ kind: 'refusal', id, error: toCrossingError(error) })
    }
  }

  return {
    answer(id, ask) {
      const controller = new AbortController()
      open.set(id, controller)
      const signal = AbortSignal.any([closing.signal, controller.signal])
      void put(id, ask, signal).finally(() => open.delete(id))
    },
    giveUp: (id) => open.get(id)?.abort(new Error('The tool does not wait for it any more.')),
    close: () => closing.abort(context.signal.reason ?? new Error('The call of the tool is over.')),
  }
}

type PortOptions = { signal: AbortSignal; onStage(stage: string, fraction: number): void }

async function callPort(ask: ServiceAsk, context: ToolContext, options: PortOptions): Promise<unknown> {
  const { services, owner, conversationId } = context
  const { signal } = options
  switch (ask.port) {
    case 'chain.context':
      return services.chain(ask.chainId).context({ signal })
    case 'chain.accountInfo':
      return services.chain(ask.chainId).accountInfo(ask.address, { signal })
    case 'chain.tokenBalances':
      return services.chain(ask.chainId).tokenBalances(ask.request, { signal })
    case 'chain.readContract':
      return services.chain(ask.chainId).readContract(ask.request, { signal })
    case 'chain.simulateDeployment':
      return services.chain(ask.chainId).simulateDeployment(ask.request, { signal })
    case 'compiler.compile':
      return services.compiler().compile(ask.request, options)
    case 'results.read':
      return services.results.read({ conversationId, callId: ask.callId }, ask.range)
    case 'results.find':
      return services.results.find({ conversationId, callId: ask.callId }, ask.search)
    case 'http.request':
      return services.http(ask.name).request(ask.request, { signal })
    case 'memory.search':
      return services.memory.search({ owner, conversationId, query: ask.query, limit: ask.limit })
  }
}
