import { expect, test } from 'vitest'

import { watchedLines } from '../../src/terminal/watched-lines.ts'

const base = {
  id: 'c_1',
  owner: 'o_1',
  state: 'waiting',
  since: '2026-01-02T03:04:05.678Z',
  queued: 0,
} as const

test('says whose each is, since when, and what keeps it', () => {
  const request = { requestId: 'r', expiresAt: '2026-01-03T00:00:00.000Z' }
  const waitsFor = [
    { ...request, kind: 'permission' as const, tools: ['send_note', 'send_note'] },
    { ...request, kind: 'question' as const, tools: ['ask_user'] },
  ]
  const conversations = [
    { ...base, stalled: false, waitsFor },
    { ...base, id: 'c_2', stalled: true, waitsFor: [], queued: 2 },
  ]
  expect(watchedLines({ conversations, nextCursor: 'more' })).toEqual([
    'c_1  o_1  2026-01-02 03:04  waits for permission send_note send_note, question ask_user',
    'c_2  o_1  2026-01-02 03:04  stalled; 2 queued',
    '(more are not shown)',
  ])
})

test('behavior: says so when there are none', () => {
  expect(watchedLines({ conversations: [], nextCursor: null })).toEqual(['There are none.'])
})
