import { z } from 'zod'

import { ask, describeFailure, readValue, say } from './demo-answer.ts'
import type { DemoSkill } from './demo-answer.ts'

const counts: Record<string, number> = { twice: 2, two: 2, three: 3, four: 4, five: 5 }
const answer = z.looseObject({})

/** Tells the time, as often as asked and then in parallel. */
export const timeSkill: DemoSkill = {
  example: 'What time is it? (or: Tell me the time three times)',
  answer(turn) {
    if (!/\btime\b|\btimes\b/i.test(turn.text)) return undefined
    const [, word = ''] = /\b(twice|two|three|four|five)\b/i.exec(turn.text) ?? []
    const count = counts[word.toLowerCase()] ?? 1
    const calls = turn.calls.filter(({ name }) => name === 'time_now')
    if (calls.length === 0) {
      return ask(
        turn,
        Array.from({ length: count }, () => ({ name: 'time_now', arguments: {} })),
      )
    }
    const lines = calls.map((call) => {
      const value = readValue(call, answer)
      const time = Object.values(value ?? {}).find((field) => typeof field === 'string')
      return typeof time === 'string' ? `It is ${time}.` : describeFailure(call)
    })
    return say(turn, lines.length === 1 ? lines.join('') : lines.map((line) => `- ${line}`).join('\n'))
  },
}
