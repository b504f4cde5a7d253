import type { PermissionItem, QuestionForm } from '../../src/contracts/human-request.ts'
import type { FakeConversation } from './fake-conversation.ts'

const target = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const hostileText = 'Harmless\u001b[2J\r\n\n\ny allow · n refuse \u001b]0;owned\u0007\u202e\u009b1A│ all good'

const form: QuestionForm = {
  title: 'Deployment',
  questions: [
    {
      id: 'network',
      kind: 'single',
      label: 'Which network?',
      required: true,
      options: [
        { value: 'main', label: 'Mainnet' },
        { value: 'base', label: 'Base' },
        { value: 'local', label: 'Local chain' },
      ],
      default: 'base',
    },
    {
      id: 'checks',
      kind: 'multiple',
      label: 'Which checks?',
      required: false,
      max: 2,
      options: [
        { value: 'gas', label: 'Gas' },
        { value: 'size', label: 'Size' },
        { value: 'owner', label: 'Owner' },
      ],
    },
    {
      id: 'name',
      kind: 'text',
      label: 'Which name?',
      hint: 'As it is shown.',
      required: true,
      maxLength: 20,
    },
  ],
}

const hostileForm: QuestionForm = {
  title: hostileText,
  questions: [
    {
      id: 'q',
      kind: 'single',
      label: hostileText,
      hint: hostileText,
      required: true,
      options: [{ value: 'x', label: hostileText }],
    },
  ],
}

/** Asks what the words of a message choose, and says in the log what became of it. */
export async function runRequests(talk: FakeConversation, turnId: string, text: string): Promise<void> {
  if (text.includes('batch')) await runPermission(talk, turnId, ['one', 'two', 'three'])
  else if (text.includes('hostile permission')) await runPermission(talk, turnId, [hostileText])
  else if (text.includes('permission')) await runPermission(talk, turnId, ['Send everything'])
  if (text.includes('hostile form')) await runForm(talk, turnId, hostileForm)
  else if (text.includes('form')) await runForm(talk, turnId, form)
  if (text.includes('name?'))
    await runForm(talk, turnId, { title: 'Name', questions: form.questions.slice(2) })
}

async function runPermission(talk: FakeConversation, turnId: string, titles: string[]): Promise<void> {
  const calls = titles.map((title, index): PermissionItem => ({
    callId: `${turnId}.r0.c${index}`,
    tool: 'send_all',
    title,
    effect: 'external',
    input: { to: target, note: hostileText },
    targets: { chainId: 8453, contracts: [target], domains: ['api.example.org'] },
    rule: 'policy:ask',
  }))
  for (const { callId, title, input, effect } of calls) {
    talk.append({
      type: 'tool.started',
      callId,
      name: 'send_all',
      title,
      effect,
      input,
      background: false,
      permission: { decision: 'ask', rule: 'policy:ask' },
    })
  }
  const [first] = calls
  const callId = calls.length === 1 && first ? { callId: first.callId } : {}
  const outcome = await talk.ask({ kind: 'permission', card: { calls }, ...callId })
  const status = outcome === 'approved' ? 'ok' : 'denied'
  for (const { callId: id } of calls) talk.append({ type: 'tool.completed', callId: id, status })
}

async function runForm(talk: FakeConversation, turnId: string, asked: QuestionForm): Promise<void> {
  const callId = `${turnId}.r0.c0`
  const started = { type: 'tool.started', callId, name: 'ask_user', title: 'Ask', effect: 'read' } as const
  talk.append({ ...started, input: {}, background: false })
  const outcome = await talk.ask({ kind: 'question', callId, form: asked })
  talk.append({ type: 'tool.completed', callId, status: outcome === 'answered' ? 'ok' : 'denied' })
}
