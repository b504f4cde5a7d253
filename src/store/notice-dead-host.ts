import type pg from 'pg'

/**
 * Has the database server end the connection soon after its other end is gone, and so free its locks: a machine
 * that is switched off closes nothing.
 */
export async function noticeDeadHost(client: pg.Client): Promise<void> {
  await client.query('set tcp_keepalives_idle = 5')
  await client.query('set tcp_keepalives_interval = 2')
  await client.query('set tcp_keepalives_count = 3')
}
