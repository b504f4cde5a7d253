import { Client, Connection } from '@temporalio/client'

import { workflowIdOf } from '../../src/contracts/ids.ts'
import { logIn, openDriver } from '../driver.ts'
import { percentile, round } from '../percentile.ts'
import type { Figure, Scenario } from '../scenario.ts'

const turns = 40
const warmUpTurns = 8

/** A moment of a turn that Temporal's history names, in milliseconds of the Unix clock. */
type Moment = { name: string; atMs: number }

/** Where the milliseconds of a turn go: the time from each moment of its history to the next one. */
export const profile: Scenario = {
  name: 'profile',
  about: `${turns} turns in one conversation; how long each part of a turn takes, by Temporal's history`,
  async run({ url, temporalAddress }) {
    const connection = await Connection.connect({ address: temporalAddress })
    const driver = await openDriver(await logIn(url))
    const handle = new Client({ connection }).workflow.getHandle(workflowIdOf(driver.conversationId))
    const spans = new Map<string, number[]>()
    const note = (name: string, ms: number): void => {
      spans.set(name, [...(spans.get(name) ?? []), ms])
    }
    let known = 0
    for (let turn = -warmUpTurns; turn < turns; turn++) {
      const sentMs = Date.now()
      await driver.runTurn()
      const doneMs = Date.now()
      const moments = await readMoments(handle, known)
      known = moments.known
      if (turn < 0) continue
      // The turn's end is told by its last activity, before Temporal knows of it.
      const told = moments.list.findLastIndex(({ name }) => name.startsWith('callModel started'))
      let before: Moment = { name: 'sent', atMs: sentMs }
      for (const moment of moments.list.slice(0, told + 1)) {
        note(`${before.name} → ${moment.name}`, moment.atMs - before.atMs)
        before = moment
      }
      note(`${before.name} → told`, doneMs - before.atMs)
      note('whole turn', doneMs - sentMs)
    }
    driver.close()
    await connection.close()
    return [...spans].map(([name, list]): Figure => ({
      name,
      value: round(percentile(list, 0.5)),
      unit: 'ms',
    }))
  },
}

async function readMoments(
  handle: ReturnType<Client['workflow']['getHandle']>,
  after: number,
): Promise<{ list: Moment[]; known: number }> {
  const { events } = await handle.fetchHistory()
  const counts = new Map<string, number>()
  const types = new Map<string, string>()
  const unread = (events ?? []).slice(after)
  // Before it stands what Temporal still had to do for the turn before.
  const begin = unread.findIndex((event) => event.workflowExecutionSignaledEventAttributes)
  const list = unread.slice(begin).flatMap((event): Moment[] => {
    const scheduled = event.activityTaskScheduledEventAttributes
    const type = scheduled?.activityType?.name
    if (type) types.set(String(event.eventId), type)
    const name = nameOf(event, types)
    if (name === undefined) return []
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    const { seconds, nanos } = event.eventTime ?? {}
    return [{ name: `${name} ${count}`, atMs: Number(seconds) * 1_000 + Number(nanos) / 1e6 }]
  })
  return { list, known: events?.length ?? 0 }
}

type HistoryEvent = NonNullable<
  Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>['events']
>[number]

function nameOf(event: HistoryEvent, types: ReadonlyMap<string, string>): string | undefined {
  if (event.workflowExecutionSignaledEventAttributes) return 'signaled'
  if (event.workflowTaskStartedEventAttributes) return 'task started'
  if (event.workflowTaskCompletedEventAttributes) return 'task completed'
  const started = event.activityTaskStartedEventAttributes
  if (started) return `${types.get(String(started.scheduledEventId))} started`
  const completed = event.activityTaskCompletedEventAttributes
  if (completed) return `${types.get(String(completed.scheduledEventId))} completed`
  return undefined
}
