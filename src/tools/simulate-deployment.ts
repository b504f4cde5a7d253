import { z } from 'zod'

import { AppError } from '../contracts/errors.ts'
import { defineTool } from '../toolkit/define-tool.ts'
import { address, blockRef, chainId, decimal, untrustedText } from '../toolkit/fields.ts'
import { step } from '../toolkit/step.ts'
import type { ToolContext } from '../toolkit/tool.ts'
import type { ChainPort } from '../toolkit/tool-services.ts'

const compiled = z.object({
  contract: z.string(),
  abi: z.array(z.unknown()),
  bytecode: z.string(),
  runtimeSizeBytes: z.int(),
  compiler: z.string(),
  warnings: z.array(untrustedText),
})

const simulated = z.object({
  from: address,
  address: address.describe('Where the contract would stand if it were the next transaction of from.'),
  gas: z.string().describe('Gas units, with those of the creation transaction itself.'),
  gasPriceGwei: decimal,
  costEth: decimal.describe('gas times gas price, in whole units of the native coin.'),
  runtimeSizeBytes: z.int().describe('Size of the deployed code; 24576 is the limit of most chains.'),
  block: blockRef,
})

const report = simulated.extend({
  contract: z.string(),
  compiler: z.string(),
  warnings: z.array(z.string()).describe('What stands in the way of a real deployment.'),
  untrusted_compilerWarnings: z.array(untrustedText),
})

export default defineTool({
  name: 'simulate_deployment',
  title: ({ contract }) =>
    contract === undefined ? 'Simulate a deployment' : `Simulate deployment of ${contract}`,
  description:
    'Compiles one Solidity source (0.8.37, no imports) and simulates the deployment of its contract at the newest block: gas, cost, size, address and warnings. Nothing is sent and nothing is deployed. Constructor arguments are JSON: integers as decimal strings in base units. When the compiler refuses the source, correct it and call again.',
  effect: 'compute',
  uses: ['chain', 'compiler'],
  input: z.strictObject({
    source: z
      .string()
      .min(1)
      .max(100_000)
      .describe('The whole Solidity source, in one piece, without imports.'),
    contract: z
      .string()
      .regex(/^[A-Za-z_$][A-Za-z0-9_$]{0,63}$/, 'Write the plain name of a contract.')
      .optional()
      .describe('Name of the contract, needed only when the source has several.'),
    args: z
      .array(z.unknown())
      .max(32)
      .default([])
      .describe('Arguments of the constructor, in order: integers as decimal strings, bytes as 0x hex.'),
    from: address.optional().describe('Who would deploy. Leave it out for the wallet of the user.'),
    chainId: chainId.optional(),
  }),
  output: report,
  steps: {
    compile: step({
      timeoutMs: 75_000,
      tries: 2,
      async run({ source, contract }, { services, signal, progress }) {
        const request = contract === undefined ? { source } : { source, contract }
        return services.compiler().compile(request, { signal, onStage: progress })
      },
    }),
    simulate: step({
      needs: { compile: compiled },
      async run({ args, from, chainId: id }, context, { compile: { bytecode, abi } }) {
        const chain = context.services.chain(id ?? context.chainId)
        context.progress('choosing the deployer', 0.1)
        const deployer = from ?? (await findDeployer(chain, context))
        context.progress('running the creation', 0.4)
        return chain.simulateDeployment({ from: deployer, bytecode, abi, args }, { signal: context.signal })
      },
    }),
    report: step({
      needs: { simulate: simulated },
      async run({ chainId: id }, { services, signal, progress, chainId: usual }, { simulate }) {
        progress('looking at the deployer', 0.5)
        const account = await services.chain(id ?? usual).accountInfo(simulate.from, { signal })
        return { warnings: listWarnings(simulate, account.balanceEth) }
      },
    }),
  },
  result(outputs) {
    const { compile, simulate, report: reported } = earlier.parse(outputs)
    const { contract, compiler, warnings } = compile
    return { contract, compiler, ...simulate, ...reported, untrusted_compilerWarnings: warnings }
  },
})

const earlier = z.object({
  compile: compiled,
  simulate: simulated,
  report: report.pick({ warnings: true }),
})

// A guest has no wallet; on a local chain the first named account stands in for one.
async function findDeployer(chain: ChainPort, { wallet, signal }: ToolContext): Promise<string> {
  if (wallet !== undefined) return wallet
  const { namedAccounts } = await chain.context({ signal })
  const [first] = namedAccounts
  if (first) return first.address
  throw new AppError(
    'tool_input_invalid',
    'from: no wallet is connected. Ask the user for the address that would deploy.',
  )
}

// What stands in the way of a real deployment, though the simulation went well.
function listWarnings(
  { from, costEth, gas, runtimeSizeBytes }: z.output<typeof simulated>,
  balanceEth: string,
) {
  const warnings: string[] = []
  // A warning needs no exact comparison.
  if (Number(costEth) > Number(balanceEth)) {
    warnings.push(`${from} holds ${balanceEth} of the native coin, less than the cost of ${costEth}.`)
  }
  if (runtimeSizeBytes > 24_576) {
    warnings.push(`The code has ${runtimeSizeBytes} bytes; most chains refuse more than 24576 (EIP-170).`)
  }
  if (BigInt(gas) > 16_777_216n) {
    warnings.push(`It needs ${gas} gas; many chains refuse transactions above 16777216 (EIP-7825).`)
  }
  if (runtimeSizeBytes === 0) warnings.push('The deployed contract would have no code.')
  return warnings
}
