import { expect, test } from 'vitest'

import { toAnswer } from '../../src/api/to-answer.ts'
import { toAnswerId } from '../../src/api/to-answer-id.ts'
import type { HumanRequest, PermissionItem, QuestionForm } from '../../src/contracts/human-request.ts'
import type { GrantWish } from '../../src/contracts/permission.ts'
import type { RequestResponse } from '../../src/schemas/human-request.ts'

const base = {
  requestId: 'r',
  conversationId: 'c',
  turnId: 'c.t1',
  openedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-02T00:00:00.000Z',
}

const item = (callId: string, changes: Partial<PermissionItem> = {}): PermissionItem => ({
  callId,
  tool: 'send_note',
  title: 'Send',
  effect: 'external',
  input: {},
  targets: { chainId: 1, contracts: [], domains: ['example.com'] },
  rule: 'policy:ask',
  ...changes,
})

const asked = (...calls: PermissionItem[]): HumanRequest => ({ ...base, kind: 'permission', card: { calls } })

const form: QuestionForm = {
  title: 'Where?',
  questions: [
    { id: 'net', kind: 'text', label: 'Network', required: true, maxLength: 10 },
    { id: 'memo', kind: 'text', label: 'Memo', required: false, maxLength: 10, default: 'none' },
  ],
}
const question: HumanRequest = { ...base, kind: 'question', form }

const answer = (request: HumanRequest, response: RequestResponse) =>
  toAnswer(request, response, { id: 'a', by: 'o' })

function wish(changes: Partial<GrantWish> = {}): GrantWish {
  return { scope: 'conversation', target: 'tool', expiresInSeconds: 60, ...changes }
}

/** What is wrong, by field. */
function faultsOf(request: HumanRequest, response: RequestResponse): unknown {
  try {
    answer(request, response)
  } catch (error) {
    return error
  }
  throw new Error('The answer was accepted.')
}

test('default: one decision is for all calls of the card', () => {
  expect(answer(asked(item('1'), item('2')), { decision: 'approve' })).toEqual({
    id: 'a',
    requestId: 'r',
    by: 'o',
    outcome: 'approved',
    body: { decisions: { '1': 'approve', '2': 'approve' }, grants: [] },
  })
  expect(answer(asked(item('1')), { decision: 'reject' })).toMatchObject({
    outcome: 'rejected',
    body: { decisions: { '1': 'reject' } },
  })
})

test('behavior: with one approved call the request is approved, with none it is rejected', () => {
  const card = asked(item('1'), item('2'))
  const mixed = { '1': 'reject', '2': 'approve' } as const
  expect(answer(card, { decisions: mixed })).toMatchObject({
    outcome: 'approved',
    body: { decisions: mixed },
  })
  const none = { '1': 'reject', '2': 'reject' } as const
  expect(answer(card, { decisions: none })).toMatchObject({ outcome: 'rejected' })
})

test('behavior: a wish grants what the approved calls are about, each thing once', () => {
  const card = asked(
    item('1'),
    item('2'),
    item('3', { tool: 'fetch_page', targets: { contracts: [], domains: ['a.example', 'b.example'] } }),
  )
  const granted = (grant: GrantWish, response: object = { decision: 'approve' }) =>
    answer(card, { ...response, grant } as RequestResponse).body
  expect(granted(wish())).toMatchObject({
    grants: [
      { tool: 'send_note', conversationId: 'c', expiresInSeconds: 60 },
      { tool: 'fetch_page', conversationId: 'c', expiresInSeconds: 60 },
    ],
  })
  const decisions = { '1': 'reject', '2': 'reject', '3': 'approve' }
  expect(granted(wish({ scope: 'everywhere', target: 'domain' }), { decisions })).toEqual({
    decisions,
    grants: [
      { tool: 'fetch_page', domain: 'a.example', expiresInSeconds: 60 },
      { tool: 'fetch_page', domain: 'b.example', expiresInSeconds: 60 },
    ],
  })
})

test('behavior: answers are kept as the form reads them', () => {
  expect(answer(question, { answers: { net: 'Base' } })).toMatchObject({
    outcome: 'answered',
    body: { answers: { net: 'Base', memo: 'none' } },
  })
  expect(answer(question, { decision: 'reject' })).toMatchObject({
    outcome: 'rejected',
    body: { declined: true },
  })
})

test.for<[string, HumanRequest, RequestResponse, object[]]>([
  ['answers to a permission', asked(item('1')), { answers: {} }, [{ path: 'decision' }]],
  ['an approval of a question', question, { decision: 'approve' }, [{ path: 'answers' }]],
  ['decisions about a question', question, { decisions: { '1': 'reject' } }, [{ path: 'answers' }]],
  ['a wish with a question', question, { decision: 'reject', grant: wish() }, [{ path: 'answers' }]],
  [
    'decisions that name other calls',
    asked(item('1'), item('2')),
    { decisions: { '1': 'approve', '3': 'approve' } },
    [{ path: 'decisions.2' }, { path: 'decisions.3' }],
  ],
  [
    'a call named like a method',
    asked(item('toString')),
    { decisions: {} },
    [{ path: 'decisions.toString' }],
  ],
  [
    'a wish that no approved call can fill',
    asked(item('1')),
    { decision: 'approve', grant: wish({ target: 'contract' }) },
    [{ path: 'grant.target' }],
  ],
  ['a wish with a rejection', asked(item('1')), { decision: 'reject', grant: wish() }, [{ path: 'grant' }]],
])('error: %s is refused, naming the field', ([, request, response, errors]) => {
  expect(faultsOf(request, response)).toMatchObject({ code: 'invalid_request', details: { errors } })
})

test('error: answers that do not fit are refused by field, with codes', () => {
  expect(faultsOf(question, { answers: { memo: 'x'.repeat(11), nothing: 'x' } })).toMatchObject({
    code: 'invalid_answers',
    details: {
      errors: [
        { path: 'answers.nothing', code: 'unknown_question', message: expect.any(String) },
        { path: 'answers.net', code: 'required_field_empty', message: expect.any(String) },
        { path: 'answers.memo', code: 'text_too_long', message: expect.any(String) },
      ],
    },
  })
})

test('the same answer has the same id, however it is written; any other has another', () => {
  const ids = [
    toAnswerId('r', 'o', { answers: { a: '1', b: ['2', '3'] } }),
    toAnswerId('r', 'o', { answers: { b: ['2', '3'], a: '1' } }),
    toAnswerId('r', 'o', { answers: { a: '1', b: ['3', '2'] } }),
    toAnswerId('r', 'p', { answers: { a: '1', b: ['2', '3'] } }),
    toAnswerId('q', 'o', { answers: { a: '1', b: ['2', '3'] } }),
    toAnswerId('r', 'o', { decision: 'approve' }),
    toAnswerId('r', 'o', { decision: 'approve', grant: wish() }),
  ]
  expect(ids[0]).toBe(ids[1])
  expect(ids[0]).toMatch(/^a_[\w-]{27}$/)
  expect(new Set(ids).size).toBe(ids.length - 1)
})
