import { expect, test } from 'vitest'

import { createRouter } from '../../src/api/open-api.ts'
import { toAppError, toProblem } from '../../src/api/problem.ts'
import { refuseWhenStopping } from '../../src/api/request-middleware.ts'

/** A server with one route, which waits until the test lets it answer. */
function createServer() {
  const state = { accepting: true }
  const gate = Promise.withResolvers<void>()
  const app = createRouter()
  app.use(refuseWhenStopping(() => state.accepting))
  app.get('/', async (context) => {
    await gate.promise
    return context.text('Answer.')
  })
  app.onError((error, context) => toProblem(context, toAppError(error)))
  return { app, state, answer: gate.resolve }
}

test('default: requests are answered, and their connections kept', async () => {
  const { app, answer } = createServer()
  answer()
  const response = await app.request('/')
  expect([response.status, response.headers.get('connection')]).toEqual([200, null])
})

test('behavior: what runs when the server stops is answered, and its connection closed', async () => {
  const { app, state, answer } = createServer()
  const running = app.request('/')
  state.accepting = false
  answer()
  const response = await running
  expect([response.status, response.headers.get('connection')]).toEqual([200, 'close'])
})

test('error: what comes later is told to come back, and its connection closed', async () => {
  const { app, state } = createServer()
  state.accepting = false
  const response = await app.request('/')
  expect(await response.json()).toMatchObject({ status: 503, code: 'shutting_down' })
  expect([response.headers.get('retry-after'), response.headers.get('connection')]).toEqual(['1', 'close'])
})
