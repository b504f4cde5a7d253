/** The name under which the one source is compiled; it stands in the compiler's messages. */
export const sourceName = 'source.sol'

/** Builds solc's standard JSON for one source. */
export function toCompilerInput(source: string): string {
  return JSON.stringify({
    language: 'Solidity',
    sources: { [sourceName]: { content: source } },
    settings: {
      optimizer: { enabled: true, runs: 200 },
      // Newer instructions are missing on chains that follow Ethereum's upgrades late.
      evmVersion: 'cancun',
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
    },
  })
}
