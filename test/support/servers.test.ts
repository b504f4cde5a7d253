import { Connection } from '@temporalio/client'
import { Client } from 'pg'
import { expect, test } from 'vitest'

import { createDatabase, localChain, temporalAddress } from './servers.ts'

const database = await createDatabase()

test('default: a test file gets an empty database of its own', async () => {
  const client = new Client({ connectionString: database.url })
  await client.connect()
  const { rows } = await client.query(
    `select count(*)::int as count from pg_tables where schemaname = 'public'`,
  )
  await client.end()
  expect(rows).toEqual([{ count: 0 }])
})

test('behavior: the shared Temporal server has the search attributes', async () => {
  const connection = await Connection.connect({ address: await temporalAddress() })
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' })
  await connection.close()
  expect(Object.keys(customAttributes ?? {})).toContain('ConversationState')
})

test('behavior: the shared chain carries the fixture', async () => {
  const chain = await localChain()
  expect(chain.namedAccounts).toContain('Alice=0x')
})
