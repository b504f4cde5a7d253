import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { loadServiceConfig } from '../../src/ops/config.ts'
import { createLogger } from '../../src/ops/logger.ts'
import { connectServices } from '../../src/worker/connect-services.ts'
import { createStore } from '../support/store.ts'

const { url, database } = await createStore()

// Model services are configured by the environment itself.
beforeEach(() => void vi.stubEnv('OPENAI_API_KEY', 'sk-test-key'))
afterEach(() => void vi.unstubAllEnvs())

test('what the history still holds is made durable before the services are closed', async () => {
  const config = loadServiceConfig({ DATABASE_URL: url, TEMPORAL_ADDRESS: '127.0.0.1:1' })
  const { services, close } = await connectServices(
    config,
    database,
    createLogger({ level: 'silent', part: 'test' }),
    async () => {},
  )
  const closeStops = vi.spyOn(services.stops, 'close')
  const flush = vi.spyOn(services.history, 'flush').mockImplementation(async () => {
    expect(closeStops).not.toHaveBeenCalled()
    expect(await database.rows('ping', 'select 1 as one')).toEqual([{ one: 1 }])
  })
  await close()
  expect(flush).toHaveBeenCalledTimes(1)
})
