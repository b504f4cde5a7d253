/** Names of well-known chains. Others work as well and are called by their id. */
const names: ReadonlyMap<number, { name: string; nativeSymbol: string }> = new Map([
  [1, { name: 'Ethereum', nativeSymbol: 'ETH' }],
  [10, { name: 'OP Mainnet', nativeSymbol: 'ETH' }],
  [56, { name: 'BNB Smart Chain', nativeSymbol: 'BNB' }],
  [100, { name: 'Gnosis', nativeSymbol: 'xDAI' }],
  [137, { name: 'Polygon', nativeSymbol: 'POL' }],
  [1337, { name: 'Local', nativeSymbol: 'ETH' }],
  [8453, { name: 'Base', nativeSymbol: 'ETH' }],
  [31337, { name: 'Local Anvil', nativeSymbol: 'ETH' }],
  [42161, { name: 'Arbitrum One', nativeSymbol: 'ETH' }],
  [43114, { name: 'Avalanche', nativeSymbol: 'AVAX' }],
  [84532, { name: 'Base Sepolia', nativeSymbol: 'ETH' }],
  [11155111, { name: 'Sepolia', nativeSymbol: 'ETH' }],
])

/** What a chain and its coin are called on screens and to the model. */
export function findChainName(chainId: number): { name: string; nativeSymbol: string } {
  return names.get(chainId) ?? { name: `Chain ${chainId}`, nativeSymbol: 'ETH' }
}
