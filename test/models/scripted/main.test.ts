import { fork } from 'node:child_process'
import { once } from 'node:events'

import { expect, it } from 'vitest'

const main = new URL('../../../src/models/scripted/main.ts', import.meta.url)

it('tells its parent the port and ends on SIGTERM', async () => {
  const child = fork(main, {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [message] = (await once(child, 'message')) as [{ type: string; port: number }]
  expect(message).toEqual({ type: 'ready', port: expect.any(Number) })
  const models = await fetch(`http://127.0.0.1:${message.port}/v1/models`)
  expect(models.status).toBe(200)
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})
