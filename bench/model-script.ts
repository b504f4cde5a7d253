import type { ScriptedReply } from '../src/models/scripted/scripted-reply.ts'

/** Sets the replies of the scripted model to messages that hold `[script:KEY]`. */
export async function scriptModel(
  settings: Record<string, string>,
  key: string,
  replies: readonly ScriptedReply[],
): Promise<void> {
  const url = (settings['SCRIPTED_BASE_URL'] ?? '').replace(/\/v1$/, '')
  const response = await fetch(`${url}/script`, { method: 'POST', body: JSON.stringify({ key, replies }) })
  if (!response.ok) throw new Error(`The scripted model refused a script: ${await response.text()}`)
}

/** Waits until the nth request of a script is in the given state. */
export async function untilRequest(
  settings: Record<string, string>,
  key: string,
  number: number,
  state: 'arrived' | 'completed' | 'closed',
): Promise<void> {
  const url = (settings['SCRIPTED_BASE_URL'] ?? '').replace(/\/v1$/, '')
  const query = new URLSearchParams({ key, number: String(number), state })
  const response = await fetch(`${url}/requests/wait?${query.toString()}`)
  await response.text()
}
