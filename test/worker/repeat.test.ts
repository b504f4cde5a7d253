import { Writable } from 'node:stream'
import { expect, test } from 'vitest'

import { createLogger } from '../../src/ops/logger.ts'
import { repeat } from '../../src/worker/repeat.ts'

const lines: { msg: string }[] = []
const destination = new Writable({
  write(chunk, _encoding, done) {
    lines.push(JSON.parse(String(chunk)))
    done()
  },
})
const logger = createLogger({ level: 'info', part: 'worker', destination })
const hourMs = 3_600_000

test('goes on until it is stopped, also after a failure, which is logged', async () => {
  const third = Promise.withResolvers<void>()
  let times = 0
  const act = async () => {
    times += 1
    if (times === 3) third.resolve()
    if (times === 1) throw new Error('Away.')
  }
  const stop = repeat(act, { pauseMs: 1, failure: 'looking failed', logger })
  await third.promise
  await stop()
  const before = times
  expect(lines.filter(({ msg }) => msg === 'looking failed')).toHaveLength(1)
  await stop()
  expect(times).toBe(before)
})

test('behavior: a stop ends the pause', async () => {
  const stop = repeat(() => Promise.reject(new Error('Never.')), { pauseMs: hourMs, failure: '', logger })
  await expect(stop()).resolves.toBeUndefined()
})

test('behavior: a stop aborts what is under way and waits for it', async () => {
  const begun = Promise.withResolvers<AbortSignal>()
  const under = Promise.withResolvers<void>()
  const act = (signal: AbortSignal) => {
    begun.resolve(signal)
    return under.promise
  }
  const stop = repeat(act, { pauseMs: hourMs, failure: '', logger, atOnce: true })
  const signal = await begun.promise
  let ended = false
  const stopped = stop().then(() => (ended = true))
  expect(signal.aborted).toBe(true)
  await new Promise(setImmediate)
  expect(ended).toBe(false)
  under.resolve()
  await stopped
})
