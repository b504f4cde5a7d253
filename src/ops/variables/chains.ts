import { text } from './field.ts'
import { variable } from './variable.ts'

const pairs = /^[^=,\s]+=[^,\s]+(\s*,\s*[^=,\s]+=[^,\s]+)*$/

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
      about: 'Accounts that the agent knows by name on a local chain.',
      example: '31337:Alice=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
    }),
    PERDURA_TOKENS: variable(text().optional(), {
      about: 'Tokens of the registry: only these are found by their symbol.',
      example: '31337:USDX=0x5FbDB2315678afecb367f032d93F642f64180aa3',
    }),
  },
}
