import type { Abi, AbiParameter } from 'viem'
import { z } from 'zod'

export type AbiConstructor = Extract<Abi[number], { type: 'constructor' }>

/** Finds the constructor in an ABI that came as JSON; a contract without one takes no arguments. */
export function findConstructor(abi: readonly unknown[]): AbiConstructor {
  const found = abi.find((item) => constructorItem.safeParse(item).success)
  if (found === undefined) return { type: 'constructor', inputs: [], stateMutability: 'nonpayable' }
  return constructorItem.parse(found)
}

const parameter: z.ZodType<AbiParameter> = z.object({
  name: z.string().optional(),
  type: z.string(),
  get components() {
    return z.array(parameter).optional()
  },
})

const constructorItem = z.object({
  type: z.literal('constructor'),
  inputs: z.array(parameter),
  stateMutability: z.enum(['payable', 'nonpayable']),
})
