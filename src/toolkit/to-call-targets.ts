import { parseAddress } from '../chain/parse.ts'
import { AppError } from '../contracts/errors.ts'
import type { CallTargets } from '../contracts/permission.ts'
import { parseDomain } from '../schemas/parse-domain.ts'
import type { Tool } from './tool.ts'

/**
 * What a call is directed at, as permissions compare it: contracts checksummed, domains as browsers write them,
 * none twice. `chainId` is the conversation's.
 * @throws AppError `tool_failed` when the tool names something that is no target: nothing may be decided then
 */
export function toCallTargets(tool: Tool, input: unknown, { chainId }: { chainId: number }): CallTargets {
  try {
    const { chainId: declared, contracts = [], domains = [] } = tool.targets?.(input, { chainId }) ?? {}
    const usual = chainOf(input) ?? (tool.uses.includes('chain') ? chainId : undefined)
    const chain = declared ?? usual
    return {
      ...(chain === undefined ? {} : { chainId: chain }),
      contracts: [...new Set(contracts.map(parseAddress))],
      domains: [...new Set(domains.map(assertDomain))],
    }
  } catch (cause) {
    throw new AppError(
      'tool_failed',
      `The tool ${tool.name} could not say what this call is directed at. This is a fault of the tool.`,
      { cause },
    )
  }
}

function chainOf(input: unknown): number | undefined {
  if (typeof input !== 'object' || input === null || !('chainId' in input)) return undefined
  return Number.isSafeInteger(input.chainId) ? Number(input.chainId) : undefined
}

function assertDomain(text: string): string {
  const domain = parseDomain(text)
  if (domain === undefined) throw new AppError('tool_failed', `${JSON.stringify(text)} is no host name.`)
  return domain
}
