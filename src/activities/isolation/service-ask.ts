import { z } from 'zod'

const chainId = z.number()
const json = z.array(z.unknown())

/** Calls of the ports that a tool has, as they cross. Whose conversation it is, the worker knows itself. */
export const serviceAsk = z.discriminatedUnion('port', [
  z.object({ port: z.literal('chain.context'), chainId }),
  z.object({ port: z.literal('chain.accountInfo'), chainId, address: z.string() }),
  z.object({
    port: z.literal('chain.tokenBalances'),
    chainId,
    request: z.object({ address: z.string(), tokens: z.array(z.string()).exactOptional() }),
  }),
  z.object({
    port: z.literal('chain.readContract'),
    chainId,
    request: z.object({ address: z.string(), signature: z.string(), args: json }),
  }),
  z.object({
    port: z.literal('chain.simulateDeployment'),
    chainId,
    request: z.object({ from: z.string(), bytecode: z.string(), abi: json, args: json }),
  }),
  z.object({
    port: z.literal('compiler.compile'),
    request: z.object({ source: z.string(), contract: z.string().exactOptional() }),
  }),
  z.object({
    port: z.literal('results.read'),
    callId: z.string(),
    range: z.object({ offset: z.number(), limit: z.number() }),
  }),
  z.object({
    port: z.literal('results.find'),
    callId: z.string(),
    search: z.object({
      text: z.string(),
      offset: z.number(),
      limit: z.number(),
      contextChars: z.number(),
    }),
  }),
  z.object({
    port: z.literal('http.request'),
    name: z.string(),
    request: z.object({
      path: z.string(),
      method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).exactOptional(),
      query: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).exactOptional(),
      headers: z.record(z.string(), z.string()).exactOptional(),
      body: z.string().exactOptional(),
      isRepeatable: z.boolean().exactOptional(),
    }),
  }),
  z.object({ port: z.literal('memory.search'), query: z.string(), limit: z.number() }),
])
export type ServiceAsk = z.output<typeof serviceAsk>
