import { logIn, openDriver } from '../driver.ts'
import { many } from '../many.ts'
import { scriptModel } from '../model-script.ts'
import { percentile, round } from '../percentile.ts'
import { countFaults, openReader } from '../readers.ts'
import { readSetting } from '../read-setting.ts'
import type { Scenario } from '../scenario.ts'

const count = readSetting('BENCH_READERS', 1_000)
const words = 100
const paceMs = 100

/** Many people watch one conversation: does everybody get everything, and how late? */
export const readers: Scenario = {
  name: 'readers',
  about: `${count} streams of one conversation, in which the model says ${words} words, one each ${paceMs} ms`,
  async run({ url, settings }) {
    const client = await logIn(url)
    const driver = await openDriver(client, 'scripted/demo')
    const text = 'word '.repeat(words)
    await scriptModel(settings, 'watched', [{ parts: [{ type: 'text', text, paceMs }] }])
    const all = await many(count, 25, async () => {
      const reader = openReader(client, driver.conversationId, 0)
      await reader.open
      return reader
    })
    await driver.runTurn('Go [script:watched]')
    driver.close()
    const { conversation } = await client.getConversation(driver.conversationId)
    await Promise.all(all.map(({ untilSeen }) => untilSeen(conversation.lastSeq)))
    const expected = await listEvents(client, driver.conversationId)
    const delays = all.flatMap(({ delaysMs }) => delaysMs)
    for (const reader of all) reader.close()
    return [
      { name: 'events of the conversation', value: expected.length, unit: 'events' },
      {
        name: 'events that a reader missed or got twice, in all',
        value: all.reduce((sum, reader) => sum + countFaults(reader, expected), 0),
        unit: 'events',
        goal: { atMost: 0 },
      },
      { name: 'written until read, p50', value: round(percentile(delays, 0.5)), unit: 'ms' },
      { name: 'written until read, p95', value: round(percentile(delays, 0.95)), unit: 'ms' },
    ]
  },
}

/** The numbers of all events, as the log has them. */
async function listEvents(client: Awaited<ReturnType<typeof logIn>>, id: string): Promise<number[]> {
  const reader = openReader(client, id, 0)
  const { conversation } = await client.getConversation(id)
  await reader.untilSeen(conversation.lastSeq)
  reader.close()
  return reader.seen
}
