import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import { type Cutter, openCutter } from '../api/cutter.ts'
import type { Client } from '../../src/client/create-client.ts'
import { ofType } from '../support/follow.ts'
import { type Part, type Product, startProduct } from '../support/product.ts'
import { createDatabase, temporalAddress } from '../support/servers.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { expectEachOnce, expectOneResultEach } from '../support/whole-log.ts'
import { prebuiltBundle } from '../support/worker-bundle.ts'

const own = new URL((await createDatabase()).url)
const cutters = {
  PostgreSQL: await openCutter(own.host),
  Temporal: await openCutter(await temporalAddress()),
}
own.host = cutters.PostgreSQL.address
let product: Product
let client: Client

beforeAll(async () => {
  product = await startProduct({
    databaseUrl: own.href,
    temporal: cutters.Temporal.address,
    env: await prebuiltBundle(),
  })
  client = await product.login()
})
afterAll(async () => {
  await product.close()
  await Promise.all(Object.values(cutters).map((cutter) => cutter.close()))
})

// Outages and restarts take their time on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

const allowedMs = 10_000

/** How a part ended by itself, and whether in time. */
async function terminate(part: Part | undefined): Promise<{ code: number | null | undefined; ms: number }> {
  const startedMs = performance.now()
  await part?.kill('SIGTERM')
  return { code: await part?.ended, ms: performance.now() - startedMs }
}

const outages: [keyof typeof cutters, string, (cutter: Cutter) => void][] = [
  ['PostgreSQL', 'refuses', (cutter) => cutter.cut()],
  ['PostgreSQL', 'says nothing', (cutter) => cutter.silence()],
  ['Temporal', 'refuses', (cutter) => cutter.cut()],
  ['Temporal', 'says nothing', (cutter) => cutter.silence()],
]

test.for(outages)(
  'api and worker end in time while %s %s, and nothing is lost',
  async ([server, how, stop]) => {
    const key = `${server}-${how.replaceAll(' ', '-')}`
    const { id, following } = await startTalk(product, client, key, [
      callsOf({ name: 'gated', arguments: { gate: key } }),
      textOf('Done.'),
    ])
    await product.gates.untilArrived(key)
    stop(cutters[server])
    const ends = await Promise.all([terminate(product.workers.shift()), terminate(product.api)])
    cutters[server].mend()
    await Promise.all([product.restartApi(), product.startWorker()])
    await product.gates.untilArrived(key, 2)
    product.gates.open(key)
    const end = await following.untilTurns(1)
    following.close()

    expect(ends.map(({ code }) => code)).toEqual([0, 0])
    for (const { ms } of ends) expect(ms).toBeLessThan(allowedMs)
    expect(end).toMatchObject({ outcome: 'success' })
    expectOneResultEach(following.events)
    expect(ofType(following.events, 'tool.completed')).toMatchObject([{ status: 'ok' }])
    await expectEachOnce(client, id, following.events)
  },
)
