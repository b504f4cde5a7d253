import type { SystemPrompt } from './system-prompt.ts'

/** What code knows for sure and the model is told with each call. */
export type SystemFacts = {
  /** The wallet that signed in, checksummed; absent for a guest. */
  wallet?: string
  chainId: number
  chainName?: string
  time: Date
}

/**
 * Writes the whole system text of a model call: the prompt, the conversation's own instructions, the facts.
 * What changes least stands first, because services cache a request by its beginning.
 */
export function buildSystem(parts: {
  prompt: SystemPrompt
  facts: SystemFacts
  instructions?: string
  /** What the owner's earlier conversations came to. */
  memory?: string
}): string {
  const instructions = parts.instructions?.trim()
  const memory = parts.memory?.trim()
  return [
    parts.prompt.text,
    ...(instructions ? [`## Instructions for this conversation\n\n${instructions}`] : []),
    ...(memory ? [`## Earlier conversations\n\n${memory}`] : []),
    `## Facts\n\n${describeFacts(parts.facts)}`,
  ].join('\n\n')
}

function describeFacts({ wallet, chainId, chainName, time }: SystemFacts): string {
  return [
    wallet ? `- The user's wallet: ${wallet}` : '- The user is a guest: no wallet is signed in.',
    `- Chain of this conversation: ${chainName ? `${chainName} (chain id ${chainId})` : `chain id ${chainId}`}`,
    `- Time: ${describeHour(time)}. For the exact time use a tool.`,
  ].join('\n')
}

// To the hour only. The system text precedes all messages, so each change of it makes the service read the
// whole conversation again instead of taking it from its cache.
function describeHour(time: Date): string {
  const [day, clock = ''] = time.toISOString().split('T')
  return `${day}, between ${clock.slice(0, 2)}:00 and ${clock.slice(0, 2)}:59 UTC`
}
