import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { z } from 'zod'

import { type Client, createClient } from '../../src/client/create-client.ts'
import { type Product, type ProductOptions, startProduct } from '../support/product.ts'
import { type Contract, readContract } from './contract.ts'

export type CallOptions = {
  body?: unknown
  rawBody?: string
  token?: string
  headers?: Record<string, string>
}

/** One answer as it came. */
export type Answer = { status: number; headers: Headers; text: string; body: unknown }

/** A guest: its token, and the typed client that acts for it. */
export type Guest = { token: string; ownerId: string; client: Client }

/** A product, every answer and event of which is checked against its own OpenAPI document. */
export type CheckedProduct = Product & {
  contract: Contract
  /** Sends one request as it is written. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  guest(): Promise<Guest>
}

// Shared servers start with the first file that asks, on a machine that may be busy.
const startTimeoutMs = 180_000

const loginSchema = z.object({ token: z.string(), owner: z.object({ id: z.string() }) })

/**
 * Starts a product for a test file and closes it at the end. A test in which the server broke its document
 * fails. Without workers nothing answers, which is enough where no turn matters.
 */
export function useCheckedProduct(options: ProductOptions = {}): () => CheckedProduct {
  let checked: CheckedProduct | undefined
  const get = (): CheckedProduct => {
    if (checked === undefined) throw new Error('The product is not started yet.')
    return checked
  }
  beforeAll(async () => {
    const product = await startProduct(options)
    checked = toChecked(product, await readContract(product.url))
  }, startTimeoutMs)
  afterEach(() => {
    expect(get().contract.violations).toEqual([])
  })
  afterAll(() => checked?.close())
  return get
}

function toChecked(product: Product, contract: Contract): CheckedProduct {
  const { fetch } = contract
  async function call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const { token, headers, rawBody = JSON.stringify(options.body) } = options
    const response = await fetch(`${product.url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(rawBody !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(rawBody !== undefined && { body: rawBody }),
    })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : undefined,
    }
  }
  async function guest(): Promise<Guest> {
    const { token, owner } = loginSchema.parse((await call('POST', '/api/auth/guest')).body)
    return { token, ownerId: owner.id, client: createClient({ url: product.url, token, fetch }) }
  }
  // The product's own fields change when a part is started again, so it is extended and not copied.
  return Object.assign(product, { contract, call, guest, login: async () => (await guest()).client })
}
