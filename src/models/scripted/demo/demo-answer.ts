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

/** Says that a tool failed, in its own words. */
export function describeFailure(call: DemoCall): string {
  const reason = call.result.ok ? 'it answered in a form that I do not know' : call.result.message
  return `\`${call.name}\` failed: ${toPlain(reason)}`
}

/** Makes text from elsewhere harmless in a Markdown table. */
export function toPlain(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ').replaceAll(/[|`<>[\]\\]/g, (sign) => `\\${sign}`)
}
