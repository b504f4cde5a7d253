import { setTimeout as sleep } from 'node:timers/promises'

import { Client } from 'pg'

/**
 * Resolves when the workers have written down that many running activities. From then on a kill is noticed
 * at once; before that, by the heartbeat timeout.
 */
export async function untilJournaled(databaseUrl: string, count: number): Promise<void> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    while ((await countRunning(client)) < count) await sleep(10)
  } finally {
    await client.end()
  }
}

async function countRunning(client: Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'select count(*)::int as count from running_activities join workers on id = worker_id',
  )
  return rows[0]?.count ?? 0
}
