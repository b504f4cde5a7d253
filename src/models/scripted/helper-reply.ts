import { z } from 'zod'

import type { ChatRequest } from './chat-request.ts'
import type { ScriptedReply } from './scripted-reply.ts'

const wantedForm = z.object({
  properties: z.record(z.string(), z.object({ type: z.string().optional(), maxLength: z.int().optional() })),
})

/**
 * Answers as the helper: a request whose system text ends with a JSON schema gets an object of that form, its texts
 * taken from the beginning of what it is asked about. Undefined for any other request.
 */
export function toHelperReply(request: ChatRequest): ScriptedReply | undefined {
  const system = request.messages.find(({ role }) => role === 'system')?.content ?? ''
  const [, schema] = /fit this JSON schema:\n(\{.*\})$/s.exec(system) ?? []
  const form = schema === undefined ? undefined : wantedForm.safeParse(parseJson(schema)).data
  if (form === undefined) return undefined
  const text = request.messages.find(({ role }) => role === 'user')?.content ?? ''
  const answer = Object.entries(form.properties).map(([name, property]) => [
    name,
    toValue(name, property, text),
  ])
  return { parts: [{ type: 'text', text: JSON.stringify(Object.fromEntries(answer)), times: 1 }] }
}

type Property = z.infer<typeof wantedForm>['properties'][string]

function toValue(name: string, { type, maxLength = 2_000 }: Property, text: string): unknown {
  const plain = plainValues[type ?? 'string']
  if (plain !== undefined) return plain
  const lines = listSaid(text)
  const words = name === 'title' ? toWords(lines[0] ?? '', 7) : toWords(lines.join(' '), 120)
  return (words === '' ? 'Nothing was said' : words).slice(0, maxLength)
}

const plainValues: Readonly<Record<string, unknown>> = {
  array: [],
  object: {},
  boolean: false,
  number: 0,
  integer: 0,
}

/** The lines of what was said, without headings and without who says them. */
function listSaid(text: string): string[] {
  const lines = text.split('\n').map((line) => line.trim().replace(/^(user|assistant|tool)\s*:\s*/i, ''))
  return lines.filter((line) => line !== '' && !line.startsWith('#'))
}

function toWords(text: string, count: number): string {
  return text.split(/\s+/).slice(0, count).join(' ')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
