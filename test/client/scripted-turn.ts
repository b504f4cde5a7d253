import { setTimeout as sleep } from 'node:timers/promises'
import type { EventBody } from '../../src/contracts/event.ts'
import type { FakeConversation } from './fake-conversation.ts'
import { runRequests } from './scripted-requests.ts'

/** Writes the events of one turn; the words of the message choose what happens in it. */
export async function runScriptedTurn(
  talk: FakeConversation,
  messageId: string,
  text: string,
): Promise<void> {
  const turnId = `${talk.conversation.id}.t${++talk.turns}`
  talk.turn = { turnId, round: 0, startedAt: new Date().toISOString() }
  talk.stop = new AbortController()
  const { signal } = talk.stop
  talk.messages.push({
    id: messageId,
    role: 'user',
    text,
    state: 'done',
    turnId,
    createdAt: new Date().toISOString(),
  })
  talk.append({
    type: 'turn.started',
    trigger: 'user',
    messageIds: [messageId],
    model: talk.models.get(messageId) ?? talk.conversation.model,
    promptHash: 'abc',
  })
  let end: EventBody = { type: 'turn.finished', outcome: 'success' }
  try {
    if (text.includes('tools')) await runTools(talk, turnId, signal)
    await runRequests(talk, turnId, text)
    if (text.includes('steps')) await runRounds(talk, signal)
    if (text.includes('slow')) await sleep(60_000, undefined, { signal })
    if (text.includes('fail'))
      end = {
        type: 'turn.finished',
        outcome: 'error',
        code: 'model_unavailable',
        message: 'The model is gone.',
      }
    else if (text.includes('limit'))
      end = { type: 'turn.finished', outcome: 'limit', code: 'too_many_rounds' }
    else if (text.includes('budget')) end = { type: 'turn.finished', outcome: 'limit', code: 'day_budget' }
    else await streamAnswer(talk, `${turnId}.r1`, answerTo(text), text)
  } catch {
    end = { type: 'turn.finished', outcome: 'cancelled', code: 'stopped' }
  }
  talk.append({
    type: 'usage.recorded',
    model: 'scripted/demo',
    inputTokens: 1_200,
    outputTokens: 34,
    costUsd: '0.0123',
    // Grows, so that a screen shows which turn it has seen the end of.
    contextTokens: 1_234 * talk.turns,
    contextLimit: 128_000,
  })
  talk.append(end)
  talk.turn = undefined
}

/** Waits for a message that joins, and takes it with the next round. */
async function runRounds(talk: FakeConversation, signal: AbortSignal): Promise<void> {
  talk.append({ type: 'round.started', round: 0 })
  while (talk.steered.length === 0 && !signal.aborted) await talk.appended(signal)
  signal.throwIfAborted()
  talk.append({ type: 'round.started', round: 1, messageIds: talk.steered.splice(0) })
}

function answerTo(text: string): string {
  if (text.includes('hostile')) return 'safe \u001b[2J\u001b]0;owned\u0007text\u009b31m here\r\n'
  return `You said: ${text}. ${'Lorem ipsum dolor sit amet. '.repeat(text.includes('long') ? 40 : 2)}End.`
}

async function streamAnswer(
  talk: FakeConversation,
  messageId: string,
  answer: string,
  text: string,
): Promise<void> {
  const pauseMs = text.includes('long') ? 50 : 2
  talk.append({ type: 'text.started', messageId, attempt: 1 })
  if (text.includes('retry')) {
    talk.append({ type: 'text.delta', messageId, attempt: 1, delta: answer.slice(0, 10), offset: 0 })
    talk.append({ type: 'text.started', messageId, attempt: 2 })
  }
  const attempt = text.includes('retry') ? 2 : 1
  for (let offset = 0; offset < answer.length; offset += 12) {
    talk.append({ type: 'text.delta', messageId, attempt, delta: answer.slice(offset, offset + 12), offset })
    await sleep(pauseMs, undefined, { signal: talk.stop.signal })
  }
  talk.append({ type: 'text.completed', messageId, attempt, text: answer })
  const turnId = talk.turn?.turnId ?? ''
  talk.messages.push({
    id: messageId,
    role: 'assistant',
    text: answer,
    state: 'done',
    turnId,
    createdAt: new Date().toISOString(),
  })
}

const steps = ['compile', 'simulate', 'report']

async function runTools(talk: FakeConversation, turnId: string, signal: AbortSignal): Promise<void> {
  const ids = [`${turnId}.r0.c0`, `${turnId}.r0.c1`]
  const [single = '', multi = ''] = ids
  const started = { type: 'tool.started', effect: 'read', input: {}, background: false } as const
  talk.append({ ...started, callId: single, name: 'account_info', title: 'Account 0x7099…79C8' })
  talk.append({ ...started, callId: multi, name: 'simulate_deployment', title: 'Simulate Counter', steps })
  for (const [stepIndex, step] of steps.entries()) {
    for (const fraction of [0.2, 0.6, 1]) {
      talk.append({
        type: 'tool.progress',
        callId: multi,
        step,
        stepIndex,
        stepCount: 3,
        fraction,
        message: `${step}ing`,
      })
      await sleep(step === 'compile' ? 20 : 120, undefined, { signal })
    }
    talk.append({ type: 'tool.step', callId: multi, step, stepIndex, status: 'ok', output: {} })
    if (stepIndex === 0)
      talk.append({
        type: 'tool.completed',
        callId: single,
        status: 'error',
        error: { code: 'chain_unavailable', message: 'no\u001b[31m chain', retryable: true },
      })
  }
  talk.append({ type: 'tool.completed', callId: multi, status: 'ok', output: { gas: 1 } })
}
