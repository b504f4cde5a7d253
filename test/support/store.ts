import { randomBytes } from 'node:crypto'

import { afterAll } from 'vitest'

import { createConversation, type NewConversation } from '../../src/store/conversations.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createGuest } from '../../src/store/owners.ts'
import { createDatabase } from './servers.ts'

/** A migrated database of a test file, with what most tests of the store begin with. */
export type TestStore = {
  url: string
  database: Database
  /** Opens another pool on the same database, as another process has it. Closed after the last test. */
  openPool(poolSize?: number): Database
  createOwner(): Promise<string>
  createConversation(changes?: Partial<NewConversation>): Promise<{ id: string; owner: string }>
}

/** Call it at the top level of a test file. */
export async function createStore(): Promise<TestStore> {
  const { url } = await createDatabase()
  const store = openStore(url)
  await migrate(store.database)
  return store
}

/** The same for a database that exists; `migrate` is up to the caller. */
export function openStore(url: string): TestStore {
  const pools: Database[] = []
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.close()))
  })

  function openPool(poolSize = 4): Database {
    const pool = openDatabase({ url, poolSize, applicationName: 'test', onIdleError: () => {} })
    pools.push(pool)
    return pool
  }

  const database = openPool()
  const createOwner = async () => (await createGuest(database, 1)).owner.id
  return {
    url,
    database,
    openPool,
    createOwner,
    async createConversation(changes = {}) {
      const owner = changes.owner ?? (await createOwner())
      const { conversation } = await createConversation(database, {
        id: `c_${randomBytes(6).toString('hex')}`,
        owner,
        title: 'Test',
        model: 'scripted/demo',
        busyPolicy: 'queue',
        permissions: 'allowReads',
        limit: undefined,
        history: { kind: 'full' },
        memory: false,
        ...changes,
      })
      return { id: conversation.id, owner }
    },
  }
}
