import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import type pg from 'pg'
import Postgrator from 'postgrator'

import { AppError } from '../contracts/errors.ts'
import type { Database } from './database.ts'

const migrationsFolder = join(import.meta.dirname, 'migrations')
// Any number will do, as long as every process of every version takes the same.
const migrationLock = 7_365_190_411

/**
 * Brings the schema to this version, one process at a time; the others wait and find it done.
 * @throws AppError `migration_edited` or `database_newer`, with what to do
 */
export async function migrate(database: Database): Promise<void> {
  const connection = await database.openConnection()
  try {
    await connection.query('select pg_advisory_lock($1)', [migrationLock])
    await runMigrations(connection)
  } finally {
    await connection.end()
  }
}

async function runMigrations(connection: pg.Client): Promise<void> {
  const postgrator = new Postgrator({
    driver: 'pg',
    migrationPattern: join(migrationsFolder.replace(/[[\]*?{}()!]/g, '[$&]'), '*.sql'),
    schemaTable: 'public.schema_version',
    execQuery: (query) => connection.query(query),
  })
  const newest = await newestMigration()
  const current = await postgrator.getDatabaseVersion()
  if (current > newest) {
    throw new AppError(
      'database_newer',
      `The database is at schema version ${current}, this version of Perdura knows ${newest}. ` +
        'Start the newer version that was used before, or use another DATABASE_URL.',
    )
  }
  try {
    // One transaction for all, so that a crash never leaves a migration that ran but is not recorded.
    await connection.query('begin')
    await postgrator.migrate()
    await connection.query('commit')
  } catch (error) {
    if (error instanceof Error && /MD5 checksum failed/i.test(error.message)) {
      throw new AppError(
        'migration_edited',
        `A migration that this database has already run was changed since: ${error.message} ` +
          'Restore the file as it was released, and put the change into a new migration.',
        { cause: error },
      )
    }
    throw error
  }
}

async function newestMigration(): Promise<number> {
  const files = await readdir(migrationsFolder)
  return Math.max(...files.map((file) => Number.parseInt(file, 10)))
}
