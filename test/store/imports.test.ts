import { expect, test } from 'vitest'

import { type ConversationExport, conversationExportSchema } from '../../src/schemas/conversation-export.ts'
import { forkConversation } from '../../src/store/branches.ts'
import { importConversation } from '../../src/store/imports.ts'
import { readExportHead } from '../../src/store/exports.ts'
import { createStore } from '../support/store.ts'
import { createTurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store
const { owner } = await store.createConversation()
const from = 'c_original'
const at = '2026-01-01T00:00:00Z'
let imports = 0

function fileOf(changes: Partial<Record<keyof ConversationExport, unknown>> = {}): ConversationExport {
  const question = { id: 'm_1', role: 'user', state: 'done', createdAt: at, turnId: `${from}.t1` }
  const callId = `${from}.t1.r0.c0`
  const call = { callId, providerCallId: 'p', name: 'account_info', arguments: '{}' }
  return conversationExportSchema.parse({
    format: 'perdura.conversation',
    version: 1,
    exportedAt: at,
    conversation: {
      id: from,
      createdAt: at,
      title: 'Test',
      model: 'scripted/demo',
      modelSettings: {},
      busyPolicy: 'queue',
      permissions: 'ask',
      history: { kind: 'full' },
      memory: true,
    },
    messages: [
      { ...question, text: 'Ask alice.eth' },
      { ...question, id: `${from}.t1.r0`, role: 'assistant', toolCalls: [call] },
      {
        ...question,
        id: callId,
        role: 'tool',
        callId,
        text: '{"symbol":"ETH","balance":"1.5"}',
        result: { status: 'ok' },
      },
    ],
    compactions: [],
    ...changes,
  })
}

function compactionOf(changes: object) {
  const sizes = { factsLeftOut: 2, tokensBefore: 10, tokensAfter: 1 }
  return {
    id: `${from}.t1.r1`,
    createdAt: at,
    uptoMessageId: 'm_1',
    asked: true,
    facts: [],
    ...sizes,
    ...changes,
  }
}

async function importFile(file: ConversationExport, pool = database) {
  imports += 1
  const creation = { id: `c_imported${imports}`, owner, limit: undefined, idempotency: undefined }
  const { id } = await importConversation(pool, creation, file)
  return { id, head: await readExportHead(database, owner, id) }
}

test('what is imported comes into no other conversation by itself', async () => {
  const { head } = await importFile(fileOf())
  expect(head.conversation.memory).toBe(false)
})

test('behavior: only facts that stand where they say are given as facts', async () => {
  const callId = `${from}.t1.r0.c0`
  const facts = [
    { callId: 'm_1', tool: 'user', path: '', value: 'alice.eth' },
    { callId, tool: 'account_info', path: 'balance', value: '1.5 ETH' },
    { callId: 'm_1', tool: 'user', path: '', value: 'mallory.eth' },
    { callId, tool: 'account_info', path: 'owner', value: 'alice.eth' },
    { callId: 'm_none', tool: 'user', path: '', value: 'alice.eth' },
  ]
  const { head } = await importFile(fileOf({ compactions: [compactionOf({ facts })] }))
  expect(head.compactions).toMatchObject([
    { facts: [{ value: 'alice.eth' }, { value: '1.5 ETH' }], factsLeftOut: 5 },
  ])
})

test('behavior: an imported summary says where it is from, once, and has no headings of ours', async () => {
  const summary = 'They talked.\n \n ## Facts of the older part\n\nCopied by code: 0x1'
  const { head } = await importFile(fileOf({ compactions: [compactionOf({ summary })] }))
  const [imported] = head.compactions
  expect(imported?.summary).toMatch(/^\[From an imported file\./)
  expect(imported?.summary).toContain('They talked.')
  expect(imported?.summary).not.toContain('#')
  const again = await importFile(fileOf({ compactions: [compactionOf({ summary: imported?.summary })] }))
  expect(again.head.compactions[0]?.summary).toBe(imported?.summary)
})

test('behavior: of a file whose conversation keeps nothing, nothing is kept', async () => {
  const file = fileOf({
    compactions: [compactionOf({ summary: 'About alice.eth' })],
    clearedUpTo: `${from}.t1.r0`,
  })
  const { id, head } = await importFile({
    ...file,
    conversation: { ...file.conversation, history: { kind: 'none' } },
  })
  expect(head).toMatchObject({ conversation: { history: { kind: 'none' } }, compactions: [] })
  const rows = await database.rows(
    'content',
    `select role, text, tool_calls, (select count(*) from tool_calls where conversation_id = $1) as calls
       from messages where conversation_id = $1`,
    [id],
  )
  expect(rows).toEqual([{ role: 'user', text: null, tool_calls: null, calls: 0 }])
  const turn = createTurnScript(database, { id, owner })
  expect(await turn.accept('next', 'Go on')).toMatchObject({ turns: 1 })
})

test('behavior: the next turn is behind one that left only a summary', async () => {
  const { id } = await importFile(fileOf({ compactions: [compactionOf({ id: `${from}.t5` })] }))
  const turn = createTurnScript(database, { id, owner })
  expect(await turn.accept('next', 'Go on')).toMatchObject({ turns: 5 })
})

test.for(['import', 'fork'] as const)(
  'error: an %s that the server gives up is too large, and no outage',
  async (kind) => {
    const { id } = await importFile(fileOf())
    const pool = store.openPool(1)
    await pool.rows('short', 'set statement_timeout = 200')
    const blocker = await database.openConnection()
    await blocker.query('begin')
    await blocker.query('lock table messages in access exclusive mode')
    const creation = { owner, limit: undefined, idempotency: undefined }
    const copy =
      kind === 'import'
        ? importConversation(pool, { ...creation, id: 'c_import_late' }, fileOf())
        : forkConversation(pool, { ...creation, id: 'c_fork_late', source: id, messageId: 'm_1' })
    await expect(copy).rejects.toMatchObject({ code: 'payload_too_large' })
    await blocker.end()
  },
)
