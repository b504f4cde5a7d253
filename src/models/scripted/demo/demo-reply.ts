import type { ChatRequest } from '../chat-request.ts'
import type { ScriptedReply } from '../scripted-reply.ts'
import { accountSkill } from './accounts.ts'
import { say } from './demo-answer.ts'
import type { DemoSkill } from './demo-answer.ts'
import { readDemoTurn } from './demo-turn.ts'
import { contractReadSkill } from './contract-read.ts'
import { deploymentSkill } from './deployment.ts'
import { questionSkill } from './question.ts'
import { storySkill, thinkingSkill } from './showing.ts'
import { timeSkill } from './time.ts'

// The first that knows the request answers it; the narrow ones stand before the wide ones.
const skills: readonly DemoSkill[] = [
  questionSkill,
  storySkill,
  thinkingSkill,
  deploymentSkill,
  contractReadSkill,
  timeSkill,
  accountSkill,
]

/** Answers as the demo model: a fixed set of plain requests, real tools, figures only from their results. */
export function toDemoReply(request: ChatRequest, paceMs: number): ScriptedReply {
  const turn = readDemoTurn(request, paceMs)
  for (const skill of skills) {
    const reply = skill.answer(turn)
    if (reply) return reply
  }
  return say(turn, help(/\bhelp\b|what can you/i.test(turn.text)))
}

function help(asked: boolean): string {
  const beginning = asked
    ? 'I am the scripted demo model: no language model, but the tools and the chain are real.'
    : 'I am the scripted demo model and understand a few requests only. Set `OPENAI_API_KEY` to talk to a real one.'
  return [beginning, '', 'Try one of these:', '', ...skills.map(({ example }) => `- ${example}`)].join('\n')
}
