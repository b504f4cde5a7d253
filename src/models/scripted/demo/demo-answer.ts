import type { z } from 'zod'

import type { ScriptedReply } from '../scripted-reply.ts'
import type { DemoCall, DemoTurn } from './demo-turn.ts'

/** One kind of request that the demo model understands. */
export type DemoSkill = {
  /** A request that works, for the help. */
  example: string
  /** Undefined when the turn is not for this skill. */
  answer(turn: DemoTurn): ScriptedReply | undefined
}

/** Answers with text, word by word. */
export function say(turn: DemoTurn, text: string): ScriptedReply {
  return { parts: [{ type: 'text', text, paceMs: turn.paceMs }] }
}

/** Asks for tools, all at once; says so when one is not offered. */
export function ask(
  turn: DemoTurn,
  calls: { name: string; arguments: Record<string, unknown> }[],
): ScriptedReply {
  const missing = calls.find(({ name }) => !turn.offered.has(name))
  if (missing) return say(turn, `I would need the tool \`${missing.name}\`, which is not offered here.`)
  const named = calls.map((call, index) => ({ ...call, id: `call_${turn.messageCount}_${index}` }))
  return { parts: [{ type: 'toolCalls', calls: named }] }
}

/** The first call of a tool in this turn. */
export function findCall(turn: DemoTurn, name: string): DemoCall | undefined {
  return turn.calls.find((call) => call.name === name)
}

/** Reads what a tool answered; undefined when it failed or has another form than expected. */
export function readValue<T>(call: DemoCall | undefined, schema: z.ZodType<T>): T | undefined {
  if (!call?.result.ok) return undefined
  const parsed = schema.safeParse(call.result.value)
  return parsed.success ? parsed.data : undefined
}

/** Says why a call gave nothing: what a person decided as a decision, a failure in the tool's own words. */
export function describeFailure({ name, result }: DemoCall): string {
  if (result.ok) return `\`${name}\` failed: it answered in a form that I do not know`
  return decisions[result.code]?.(`\`${name}\``) ?? `\`${name}\` failed: ${toPlain(result.message)}`
}

const decisions: Record<string, (tool: string) => string> = {
  permission_rejected: (tool) => `You did not allow ${tool}, so it did not run.`,
  permission_expired: (tool) => `Nobody allowed ${tool} in time, so it did not run.`,
  permission_denied: (tool) => `${tool} may not run in this conversation.`,
  question_declined: () => 'You did not want to answer, so I did nothing.',
  no_answer: () => 'Nobody answered in time, so I did nothing.',
}

/** Makes text from elsewhere harmless in a Markdown table. */
export function toPlain(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ').replaceAll(/[|`<>[\]\\]/g, (sign) => `\\${sign}`)
}
