import { expect, test } from 'vitest'

import { createLogger } from '../../src/ops/logger.ts'

const secret = 'marker-secret-0123456789'

test('writes one JSON line with level, time, part and the ids of a child', () => {
  const { logger, lines } = openLog()
  logger
    .child({ conversationId: 'c1', turnId: 't1', callId: 'k1', requestId: 'r1' })
    .info({ tries: 2 }, 'done')
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    part: 'test',
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    conversationId: 'c1',
    turnId: 't1',
    callId: 'k1',
    requestId: 'r1',
    tries: 2,
    msg: 'done',
  })
})

test('behavior: writes nothing below its level', () => {
  const { logger, lines } = openLog()
  logger.debug('quiet')
  expect(lines).toEqual([])
})

test.each([
  ['a field', { authorization: secret }, 'm'],
  ['a nested field', { request: { headers: { cookie: secret } } }, 'm'],
  ['content', { text: secret, prompt: secret, input: { text: secret }, arguments: secret }, 'm'],
  ['a URL in a field', { url: `https://user:${secret}@host/` }, 'm'],
  ['a URL in the message', {}, `cannot reach postgres://user:${secret}@host/db`],
  ['an error', { err: new Error(`POST https://rpc.example/v2/${secret} failed`) }, 'm'],
  ['the cause of an error', { err: new Error('a', { cause: new Error(`Bearer ${secret}`) }) }, 'm'],
  ['details of an error', { err: Object.assign(new Error('a'), { details: { apiKey: secret } }) }, 'm'],
])('behavior: %s never shows a secret', (_name, fields, message) => {
  const { logger, lines } = openLog()
  logger.info(fields, message)
  expect(lines).toHaveLength(1)
  expect(lines[0]).not.toContain(secret)
})

test('behavior: fields of a child never show a secret', () => {
  const { logger, lines } = openLog()
  logger.child({ token: secret, providerApiKey: secret, 'set-cookie': `a="${secret}"` }).info('m')
  expect(lines[0]).not.toContain(secret)
  expect(() => JSON.parse(lines[0] ?? '')).not.toThrow()
})

test('behavior: an error logged by itself keeps its message and stack', () => {
  const { logger, lines } = openLog()
  logger.error(new Error('broken'))
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'broken', err: { stack: expect.any(String) } })
})

function openLog() {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  return { lines, logger: createLogger({ level: 'info', part: 'test', destination }) }
}
