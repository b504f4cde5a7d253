import { Client } from 'pg'

/** Borrows a connection to a product's database, for states that no request makes. */
export async function withDatabase<Result>(
  url: string,
  use: (database: Client) => Promise<Result>,
): Promise<Result> {
  const database = new Client({ connectionString: url })
  await database.connect()
  try {
    return await use(database)
  } finally {
    await database.end()
  }
}
