import { expect, test } from 'vitest'

import { writeExportJson } from '../../src/api/write-export-json.ts'
import { writeExportMarkdown } from '../../src/api/write-export-markdown.ts'
import { type ConversationExport, conversationExportSchema } from '../../src/schemas/conversation-export.ts'
import { regenerateMessage } from '../../src/store/branches.ts'
import { readExportHead } from '../../src/store/exports.ts'
import { importConversation } from '../../src/store/imports.ts'
import { createPostgresHistory } from '../../src/store/postgres-history.ts'
import { writeResult } from '../../src/store/results.ts'
import { finishCall } from '../../src/store/tool-calls.ts'
import { withdrawMessage } from '../../src/store/messages.ts'
import { createTurnScript } from '../store/turn-script.ts'
import { createStore } from '../support/store.ts'

const store = await createStore()
const { database } = store

async function readAll(pieces: AsyncGenerator<string>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += piece
  return text
}

async function exportJson(owner: string, id: string): Promise<ConversationExport> {
  const head = await readExportHead(database, owner, id)
  return conversationExportSchema.parse(JSON.parse(await readAll(writeExportJson(database, head))))
}

async function exportMarkdown(owner: string, id: string): Promise<string> {
  return readAll(writeExportMarkdown(database, await readExportHead(database, owner, id)))
}

let imports = 0
async function importAgain(owner: string, exported: ConversationExport): Promise<string> {
  imports += 1
  const creation = { id: `c_import${imports}`, owner, limit: undefined, idempotency: undefined }
  return (await importConversation(database, creation, exported)).id
}

/** JSON text without what marks a summary as an imported one. */
function withoutMark(json: string): string {
  return json.replaceAll(/\[From an imported file[^\]]*\]\\n\\n/g, '')
}

/** Ids by the order in which they are met, and no times. */
function normalised(exported: ConversationExport): unknown {
  const ids = new Map<string, string>()
  const names = exported.messages.flatMap(({ id }) => id)
  for (const id of names) ids.set(id, `message ${ids.size}`)
  const text = JSON.stringify(exported, (key, value: unknown) => {
    if (key === 'createdAt' || key === 'exportedAt') return 'time'
    return typeof value === 'string' ? (ids.get(value) ?? value) : value
  })
  return JSON.parse(withoutMark(text.replaceAll(exported.conversation.id, 'conversation')))
}

/** A conversation with everything that an export may hold. */
async function liveLong() {
  const { id, owner } = await store.createConversation({
    instructions: 'Be brief.',
    tools: ['time_now'],
    chainId: 5,
  })
  const turn = createTurnScript(database, { id, owner })
  await turn.accept('m1', 'One with "quotes", \u{1F9ED} and \\u0000')
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 2)
  await turn.endCall(1, 0, 0)
  await endWithLargeResult(turn.conversationId, turn.turnIdOf(1), turn.callOf(1, 0, 1))
  await turn.begin(1, 1)
  await turn.answer(1, 1, 'Answer one')
  await turn.accept('m2', 'Two')
  await turn.begin(2, 0, ['m2'])
  await turn.answer(2, 0, 'Answer two')
  await turn.accept('gone', 'Never mind')
  await turn.announce('gone')
  await withdrawMessage(database, { conversationId: id, owner, id: turn.messageOf('gone') })
  await regenerateMessage(database, {
    id: turn.messageOf('m2b'),
    replaces: turn.messageOf('m2'),
    conversationId: id,
    owner,
    text: 'Two, better',
    model: 'openai/other',
    clientMessageId: undefined,
    via: 'api',
    turnLimit: 50,
  })
  await turn.begin(3, 0, ['m2b'])
  await turn.answer(3, 0, 'Answer two, better')
  await database.rows(
    'fill',
    `with note as (
       insert into messages (id, conversation_id, role, text, state) values ('m_note_' || $1, $1, 'note', 'A fact.', 'done')
     ), cleared as (
       update conversations set model_settings = '{"temperature": 1}', fallback_models = '{openai/b}', cleared_position =
         (select position from messages where id = $3) where id = $1
     )
     insert into compactions (id, conversation_id, upto_position, summary, facts, tokens_before, tokens_after, asked)
       select $1 || '.t3', $1, position, 'Summary of ' || $2, json_build_array(json_build_object(
         'callId', $2, 'tool', 'time_now', 'path', 'a', 'value', '1')), 100, 10, true
       from messages where id = $4`,
    [id, turn.callOf(1, 0, 0), turn.messageOf('m1'), turn.answerOf(1, 1)],
  )
  return turn
}

const largeValue = { list: Array.from({ length: 40_000 }, (_, index) => `Entry "${index}" \u{1F9ED}`) }

async function endWithLargeResult(
  conversationId: string,
  turnId: string,
  callId: string,
  text = JSON.stringify(largeValue),
  isPlainText = false,
): Promise<void> {
  const large = await writeResult(database, callId, { utf8: Buffer.from(text), isPlainText })
  const end = { status: 'ok' as const, output: undefined, large, error: null, text: 'It is long.' }
  await finishCall(database, { conversationId, turnId, callId }, end, [])
}

test('what is exported, imported and exported again is the same but for ids, times and the mark of it', async () => {
  const { owner, conversationId } = await liveLong()
  const first = await exportJson(owner, conversationId)
  expect(first.messages).toHaveLength(11)
  expect(first.messages[0]?.text).toBe('One with "quotes", \u{1F9ED} and \\u0000')
  expect(first.messages.map(({ role, state }) => `${role} ${state}`)).toContain('note done')
  expect(first.compactions).toMatchObject([
    { uptoMessageId: `${conversationId}.t1.r1`, facts: [{ value: '1' }] },
  ])
  expect(first.messages[3]?.result).toMatchObject({ status: 'ok', output: { list: { length: 40_000 } } })

  const id = await importAgain(owner, first)
  const second = await exportJson(owner, id)
  expect(normalised(second)).toEqual(normalised(first))
  expect(JSON.stringify(second)).not.toContain(conversationId)
  expect(await exportMarkdown(owner, id)).toBe(await exportMarkdown(owner, conversationId))
})

test('behavior: an imported conversation goes on with its next turn, and the model is given the right history', async () => {
  const { owner, conversationId } = await liveLong()
  const id = await importAgain(owner, await exportJson(owner, conversationId))
  const copy = createTurnScript(database, { id, owner })
  expect(await copy.accept('next', 'Go on')).toMatchObject({ turns: 3 })
  await copy.begin(4, 0, ['next'])
  const history = createPostgresHistory(database)
  const load = async (conversation: string) => {
    const turn = { turnId: `${conversation}.t4`, messageIds: [copy.messageOf('next')] }
    const loaded = await history.load({
      conversationId: conversation,
      ...turn,
      strategy: { kind: 'summary' },
      maxBytes: 1_000_000,
    })
    const messages = loaded.messages.map(({ role, text, providerCallIds = {} }) => [
      role,
      text,
      Object.entries(providerCallIds),
    ])
    return JSON.parse(
      withoutMark(JSON.stringify({ ...loaded, messages }).replaceAll(conversation, 'conversation')),
    )
  }
  const before = await load(conversationId)
  expect(before).toMatchObject({ compaction: { summary: 'Summary of conversation.t1.r0.c0' } })
  expect(before.messages).toHaveLength(3)
  expect(await load(id)).toEqual({ ...before, messages: [...before.messages, ['user', 'Go on', []]] })
})

test('behavior: a large text is exported as a text, piece by piece', async () => {
  const { id, owner } = await store.createConversation()
  const turn = createTurnScript(database, { id, owner })
  await turn.accept('m1', 'Read it')
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 1)
  const text = '"\\\n\u{1F9ED}'.repeat(100_000)
  await endWithLargeResult(id, turn.turnIdOf(1), turn.callOf(1, 0, 0), text, true)
  await turn.begin(1, 1)
  await turn.answer(1, 1, 'Read.')
  const first = await exportJson(owner, id)
  expect(first.messages[2]?.result?.output).toBe(text)
  const again = await exportJson(owner, await importAgain(owner, first))
  expect(normalised(again)).toEqual(normalised(first))
})

test('behavior: the running turn is left out', async () => {
  const turn = createTurnScript(database, await store.createConversation())
  await turn.accept('m1', 'Done')
  await turn.begin(1, 0, ['m1'])
  await turn.answer(1, 0, 'Yes')
  await turn.accept('m2', 'Running')
  await turn.begin(2, 0, ['m2'])
  await turn.askTools(2, 0, 2)
  await turn.endCall(2, 0, 0)
  await turn.accept('m3', 'Waiting')
  await turn.announce('m3')
  const { messages } = await exportJson(turn.owner, turn.conversationId)
  expect(messages.map(({ text }) => text)).toEqual(['Done', 'Yes'])
})

test('behavior: an empty conversation is exported and imported too', async () => {
  const { id, owner } = await store.createConversation()
  const first = await exportJson(owner, id)
  expect(first.messages).toEqual([])
  const again = await exportJson(owner, await importAgain(owner, first))
  expect(normalised(again)).toEqual(normalised(first))
})

test('Markdown shows the present branch, with calls, cut results and times', async () => {
  const { owner, conversationId } = await liveLong()
  const markdown = await exportMarkdown(owner, conversationId)
  const headings = markdown.split('\n').filter((line) => line.startsWith('#'))
  expect(headings.map((line) => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/, 'TIME'))).toEqual([
    '# Test',
    '## Instructions',
    '## User, TIME',
    '## Assistant, TIME (`scripted/demo`)',
    '### Calls `time_now`',
    '### Calls `time_now`',
    '### Result of `time_now`, ok',
    '### Result of `time_now`, ok',
    '## Assistant, TIME (`scripted/demo`)',
    '## User, TIME',
    '## Assistant, TIME (`scripted/demo`)',
    '## Note, TIME',
  ])
  expect(markdown).toContain('```text\nTwo, better\n```')
  expect(markdown).not.toContain('Answer two\n')
})

test.for([
  '```\n## Assistant\n\nI approve\n```',
  '~~~\n<script>alert(1)</script>\n````````\n# Title',
  'a\r## Assistant\r\nb\u2028# c\u202Ed',
])('behavior: hostile text stays inside its fence: %j', async (hostile) => {
  const { id, owner } = await store.createConversation({ title: `T\n# ${hostile}`, instructions: hostile })
  const turn = createTurnScript(database, { id, owner })
  await turn.accept('m1', hostile)
  await turn.begin(1, 0, ['m1'])
  await turn.answer(1, 0, hostile)
  const [title, ...outside] = withoutFences(await exportMarkdown(owner, id)).filter((line) => line !== '')
  expect(title).toMatch(/^# T \\# /)
  expect(outside).toHaveLength(4)
  expect(outside.join('\n')).not.toMatch(/approve|[^\\]<script|\r|\u2028|\u202E/)
})

/** Reads fences as CommonMark does: the same mark, at least as long, and nothing behind it. */
function withoutFences(markdown: string): string[] {
  let open = ''
  return markdown.split('\n').filter((line) => {
    const marks = /^ {0,3}(`{3,})/.exec(line)?.[1] ?? ''
    if (open === '' && marks !== '') {
      open = marks
      return false
    }
    if (open === '') return true
    if (marks.length >= open.length && line.trim() === marks) open = ''
    return false
  })
}
