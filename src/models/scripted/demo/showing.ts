/** Requests that show how a reply looks while it comes. */
import { say } from './demo-answer.ts'
import type { DemoSkill } from './demo-answer.ts'

/** Shows reasoning apart from the answer. */
export const thinkingSkill: DemoSkill = {
  example: 'Think aloud about gas',
  answer(turn) {
    if (!/\bthink (aloud|out loud)\b/i.test(turn.text)) return undefined
    const thought =
      'The user wants to see how I think. I weigh the question, find nothing to look up, and answer briefly.'
    const { parts = [] } = say(
      turn,
      'This is the answer. The reasoning above it is kept apart and is never part of it.',
    )
    return { parts: [{ type: 'reasoning', text: thought, paceMs: turn.paceMs }, ...parts] }
  },
}

const sentences = [
  'A block was waiting for its turn at the edge of the chain.',
  'It carried a handful of transfers, one swap and a contract that counted.',
  'Nobody knew who had sent the counter, and nobody asked.',
  'The validators looked at it, one after the other, and nodded.',
]

/** Writes slowly for about twenty seconds, so that Stop can be tried. */
export const storySkill: DemoSkill = {
  example: 'Write a long story (slow on purpose, to try Stop)',
  answer(turn) {
    if (!/\blong story\b/i.test(turn.text)) return undefined
    const chapters = Array.from({ length: 5 }, (_, index) => `Chapter ${index + 1}. ${sentences.join(' ')}`)
    return { parts: [{ type: 'text', text: chapters.join('\n\n'), paceMs: turn.paceMs * 4 }] }
  },
}
