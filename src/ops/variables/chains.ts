import { text } from './field.ts'
import { variable } from './variable.ts'

// Shallow: the chain registry parses the list, and a URL may hold a comma.
const pairs = /^\d+\s*=\s*https?:\/\/\S/

export const chainGroup = {
  title: 'Chains',
  about: 'Which chains the agent reads. `npm start` adds a local Anvil chain when none is configured.',
  variables: {
    PERDURA_CHAINS: variable(
      text().regex(pairs, 'chain ids and RPC URLs as id=url, separated by commas').optional(),
      {
        about: 'Chain ids with their RPC URLs; the first is the default chain.',
        example: '31337=http://127.0.0.1:8545',
        secret: true,
      },
    ),
    PERDURA_NAMED_ACCOUNTS: variable(text().optional(), {
      about: 'Accounts that the agent knows by name, on local chains only.',
      example: 'Alice=0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
    }),
    PERDURA_TOKENS: variable(text().optional(), {
      about: 'Tokens that are found by their symbol, as chain:symbol=address:decimals.',
      example: '1:USDC=0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48:6',
    }),
  },
}
