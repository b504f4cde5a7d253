import pg from 'pg'

import { logIn } from '../driver.ts'
import { percentile, round } from '../percentile.ts'
import type { Scenario } from '../scenario.ts'

const conversations = 100
const messages = 100
const repeats = 40
/** Held by every message, by one in fifty, and by most with any of many endings. */
const queries = { common: 'everyword', rare: 'kingfisher', unfinished: 'word17' }

/** Full-text search of one owner over many messages, as a person types it. */
export const search: Scenario = {
  name: 'search',
  about: `${conversations * messages} messages in ${conversations} conversations; GET /api/conversations?q=`,
  async run({ url, databaseUrl }) {
    const client = await logIn(url)
    const ids: string[] = []
    for (let count = 0; count < conversations; count++) ids.push((await client.createConversation()).id)
    await fill(databaseUrl, ids)
    const figures = []
    for (const [name, q] of Object.entries(queries)) {
      const times: number[] = []
      for (let count = 0; count < repeats; count++) {
        const begin = performance.now()
        await client.listConversations({ q })
        times.push(performance.now() - begin)
      }
      figures.push({
        name: `search for a word that is ${name} p50`,
        value: round(percentile(times, 0.5)),
        unit: 'ms' as const,
        goal: { atMost: 50 },
      })
    }
    return figures
  },
}

/** Writes messages of about 60 words of 5,000. */
async function fill(databaseUrl: string, ids: readonly string[]): Promise<void> {
  const database = new pg.Client({ connectionString: databaseUrl })
  await database.connect()
  try {
    await database.query(
      `insert into messages (id, conversation_id, role, text, state)
         select c || '.x' || n, c, case when n % 2 = 0 then 'user' else 'assistant' end,
             (select string_agg('word' || (random() * random() * 5000)::int, ' ')
               from generate_series(1, 60 + n * 0)) || ' everyword'
               || case when n % 50 = 0 then ' kingfisher' else '' end, 'done'
           from unnest($1::text[]) c, generate_series(1, ${messages}) n`,
      [ids],
    )
  } finally {
    await database.end()
  }
}
