import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { migrate } from '../../src/store/migrate.ts'
import { createDatabase, createTestDir } from '../support/servers.ts'
import { openStore } from '../support/store.ts'

const projectDir = join(import.meta.dirname, '..', '..')
const known = (await readdir(join(projectDir, 'src/store/migrations'))).length

/** A file that comes so many after the last one there is. */
function fileAfter(distance: number, name: string): string {
  return `${String(known + distance).padStart(3, '0')}.do.${name}.sql`
}

const fresh = async () => openStore((await createDatabase()).url)
const stores = await Promise.all(Array.from({ length: 6 }, fresh))

function nextStore() {
  const store = stores.pop()
  if (store === undefined) throw new Error('Make one more database above.')
  return store
}

async function listTables({ database }: ReturnType<typeof nextStore>): Promise<string[]> {
  const rows = await database.rows<{ name: string }>(
    'tables',
    `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
  )
  return rows.map(({ name }) => name)
}

/** A copy of `migrate` with a folder of migrations of its own, as another version of the program has it. */
async function copyMigrate(): Promise<{ migrate: typeof migrate; folder: string }> {
  const dir = await createTestDir('migrate')
  await mkdir(join(dir, 'src'))
  for (const part of ['store', 'contracts']) {
    await cp(join(projectDir, 'src', part), join(dir, 'src', part), { recursive: true })
  }
  await writeFile(join(dir, 'package.json'), '{"type":"module"}')
  await symlink(join(projectDir, 'node_modules'), join(dir, 'node_modules'))
  const copy: { migrate: typeof migrate } = await import(join(dir, 'src/store/migrate.ts'))
  return { migrate: copy.migrate, folder: join(dir, 'src/store/migrations') }
}

test('makes the schema, and nothing the second time', async () => {
  const store = nextStore()
  await migrate(store.database)
  const tables = await listTables(store)
  expect(tables).toEqual(expect.arrayContaining(['conversations', 'events', 'schema_version']))
  await migrate(store.database)
  expect(await listTables(store)).toEqual(tables)
  expect((await store.createConversation()).id).toMatch(/^c_/)
})

test('behavior: several processes at once run each migration once', async () => {
  const store = nextStore()
  await Promise.all(Array.from({ length: 4 }, () => migrate(store.openPool(1))))
  const rows = await store.database.rows<{ version: number }>(
    'versions',
    'select version::int from schema_version where version > 0 order by version',
  )
  expect(rows.map(({ version }) => version)).toEqual(Array.from({ length: known }, (_, index) => index + 1))
})

test('behavior: a new migration runs on an old database', async () => {
  const store = nextStore()
  await migrate(store.database)
  const next = await copyMigrate()
  await writeFile(join(next.folder, fileAfter(1, 'more')), 'create table more (id int);')
  await next.migrate(store.database)
  expect(await listTables(store)).toContain('more')
})

test('error: a migration that fails in the middle leaves nothing half-done', async () => {
  const store = nextStore()
  await migrate(store.database)
  const before = await listTables(store)
  const broken = await copyMigrate()
  await writeFile(join(broken.folder, fileAfter(1, 'more')), 'create table more (id int);')
  await writeFile(join(broken.folder, fileAfter(2, 'bad')), 'create table worse (id int); select 1 / 0;')
  await expect(broken.migrate(store.database)).rejects.toThrow('division by zero')
  expect(await listTables(store)).toEqual(before)

  await writeFile(join(broken.folder, fileAfter(2, 'bad')), 'create table better (id int);')
  await broken.migrate(store.database)
  expect(await listTables(store)).toEqual([...before, 'better', 'more'].toSorted())
})

test('error: an edited migration stops the start with migration_edited', async () => {
  const store = nextStore()
  await migrate(store.database)
  const edited = await copyMigrate()
  const file = join(edited.folder, '001.do.tables.sql')
  await writeFile(file, `${await readFile(file, 'utf8')}\n-- edited`)
  const failing = edited.migrate(store.database)
  await expect(failing).rejects.toMatchObject({
    code: 'migration_edited',
    message: expect.stringContaining('new migration'),
  })
})

test('error: a newer database stops the start with database_newer', async () => {
  const store = nextStore()
  const newer = await copyMigrate()
  await writeFile(join(newer.folder, fileAfter(1, 'more')), 'create table more (id int);')
  await newer.migrate(store.database)
  await expect(migrate(store.database)).rejects.toMatchObject({
    code: 'database_newer',
    message: expect.stringContaining(`schema version ${known + 1}`),
  })
})
