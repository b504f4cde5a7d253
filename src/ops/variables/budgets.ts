import { z } from 'zod'

import { integer, splitList } from './field.ts'
import { variable } from './variable.ts'

/** A model's price as an operator writes it, in millionths of a millionth of a US dollar for a token. */
export type WrittenPrice = { model: string; input: number; output: number; cached: number }

const priceForm = /^(\S+)=([\d.]+)\/([\d.]+)(?:\/([\d.]+))?$/
const priceError =
  'prices as provider/model=input/output or provider/model=input/output/cached, in US dollars for a million tokens ' +
  'from 0 to 1000 with at most six decimals, the cached one no higher than the input one, separated by commas'
const highestPrice = 1_000_000_000

/** Prices of models, separated by commas. */
function prices() {
  return z.string().transform((value, context): WrittenPrice[] => {
    const read = splitList(value).map(readPrice)
    const found = read.flatMap((price) => price ?? [])
    const named = new Set(found.map(({ model }) => model))
    if (found.length < read.length || named.size < found.length) {
      context.addIssue({ code: 'custom', message: `${priceError}; each model once` })
    }
    return found
  })
}

function readPrice(entry: string): WrittenPrice | undefined {
  const [, model, ...written] = priceForm.exec(entry) ?? []
  const [input, output, cached = input] = written.map((price) => toMillionths(price, 6))
  if (model === undefined || input === undefined || output === undefined || cached === undefined)
    return undefined
  if (Math.max(input, output) > highestPrice || cached > input) return undefined
  return { model, input, output, cached }
}

/** Dollars as a limit, in millionths of a millionth. */
function dollars() {
  const error = 'an amount in US dollars above 0 and up to 1000000, with at most six decimals'
  return z
    .string()
    .transform((value) => toMillionths(value, 6))
    .refine((millionths) => millionths !== undefined && millionths > 0 && millionths <= 1e12, error)
    .transform((millionths = 0) => BigInt(millionths) * 1_000_000n)
}

/** A decimal number as a whole number of its `decimals`th places; never rounded. */
function toMillionths(text: string | undefined, decimals: number): number | undefined {
  const [, whole, fraction = ''] = /^(\d{1,7})(?:\.(\d+))?$/.exec(text ?? '') ?? []
  if (whole === undefined || fraction.length > decimals) return undefined
  return Number(whole + fraction.padEnd(decimals, '0'))
}

const tokens = () => integer(1, 1_000_000_000_000).optional()

export const budgetGroup = {
  title: 'Budgets',
  about:
    'What model calls may use; see [budgets](budgets.md). A turn ends with a named outcome before a limit is passed. Unset: no limit.',
  variables: {
    PERDURA_PRICES: variable(prices().optional(), {
      about:
        'What models cost, in US dollars for a million tokens: input, output and, when it differs, cached input.',
      example: 'openai/gpt-5-mini=0.25/2/0.025',
    }),
    PERDURA_TURN_BUDGET_TOKENS: variable(tokens(), {
      about: 'Tokens, input and output together, that the model calls of one turn may use.',
      example: '200000',
    }),
    PERDURA_DAY_BUDGET_TOKENS: variable(tokens(), {
      about: 'Tokens that one owner may use in a day (UTC).',
      example: '2000000',
    }),
    PERDURA_OWNER_BUDGET_TOKENS: variable(tokens(), {
      about: 'Tokens that one owner may use, ever.',
      example: '50000000',
    }),
    PERDURA_TURN_BUDGET_USD: variable(dollars().optional(), {
      about: 'The same as an amount for one turn. Every model needs a price.',
      example: '0.10',
    }),
    PERDURA_DAY_BUDGET_USD: variable(dollars().optional(), {
      about: 'The same for one owner in a day (UTC).',
      example: '1',
    }),
    PERDURA_OWNER_BUDGET_USD: variable(dollars().optional(), {
      about: 'The same for one owner, ever.',
      example: '20',
    }),
  },
}
