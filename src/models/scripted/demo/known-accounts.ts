import { z } from 'zod'

/** What the demo model reads of `chain_context`. */
export const chainContext = z.object({
  chainId: z.number(),
  name: z.string(),
  namedAccounts: z.array(z.object({ name: z.string(), address: z.string() })),
  tokens: z.array(z.object({ symbol: z.string(), address: z.string() })),
})

export type KnownChain = z.infer<typeof chainContext>
export type NamedAddress = { name: string; address: string }

/** Finds whom a text means: accounts that the chain knows by name, and addresses, in the order of the text. */
export function findAccounts(
  text: string,
  { namedAccounts }: Pick<KnownChain, 'namedAccounts'>,
): NamedAddress[] {
  const found = new Map<string, NamedAddress & { at: number }>()
  for (const account of namedAccounts) {
    const at = text.search(new RegExp(String.raw`\b${escapePattern(account.name)}\b`, 'i'))
    if (at >= 0) found.set(account.address.toLowerCase(), { ...account, at })
  }
  for (const { 0: address, index } of text.matchAll(/\b0x[0-9a-fA-F]{40}\b/g)) {
    const key = address.toLowerCase()
    if (!found.has(key))
      found.set(key, { name: `${address.slice(0, 6)}…${address.slice(-4)}`, address, at: index })
  }
  return [...found.values()]
    .toSorted((left, right) => left.at - right.at)
    .map(({ name, address }) => ({ name, address }))
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}
