import type { Database } from '../../src/store/database.ts'

/** Every row of every table as text. */
export async function dumpText(database: Database): Promise<string> {
  const tables = await database.rows<{ name: string }>(
    'test_tables',
    `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
       where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
  )
  const texts = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await database.rows<{ text: string }>(
        `test_dump_${name}`,
        `select t::text as text from ${name} t`,
      )
      return rows.map(({ text }) => text).join('\n')
    }),
  )
  return texts.join('\n')
}
