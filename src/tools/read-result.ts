import { z } from 'zod'

import type { ResultPart } from '../contracts/result.ts'
import { wholeBeginning } from '../contracts/whole-characters.ts'
import { defineTool } from '../toolkit/define-tool.ts'
import { untrustedText } from '../toolkit/fields.ts'

/** Of a part as JSON, so that it is given whole: quotation marks and line breaks count twice. */
const partLimitChars = 12_000
const matchLimit = 10
const contextChars = 120

export default defineTool({
  name: 'read_result',
  title: ({ find }) => (find === undefined ? 'Read a result' : 'Search a result'),
  description: `Reads on in a tool result of this conversation that was cut, or searches it. Use the callId that stands in the cut. Without find: one part of the text from offset on, at most ${partLimitChars} characters; go on with nextOffset until it is null. With find: up to ${matchLimit} places of that text, each with its surroundings; capitals make no difference. Search first when you know what you look for: a large result has hundreds of parts.`,
  effect: 'read',
  quick: true,
  uses: [],
  input: z.strictObject({
    callId: z.string().min(1).max(200).describe('Of the call whose result was cut, as t1.r0.c0.'),
    offset: z.int().min(0).optional().describe('Character to begin at, from 0. Default 0.'),
    limit: z.int().min(1).max(partLimitChars).optional().describe('Characters of the part.'),
    find: z.string().min(1).max(200).optional().describe('Text to search for, literally.'),
  }),
  output: z.object({
    offset: z.int().optional().describe('Where the part begins.'),
    nextOffset: z.int().nullable().describe('Where to go on; null at the end.'),
    totalChars: z.int(),
    matches: z.array(z.object({ offset: z.int(), untrusted_context: untrustedText })).optional(),
    untrusted_text: untrustedText.optional(),
  }),
  async run({ callId, offset = 0, limit = partLimitChars, find }, { services, conversationId }) {
    const call = { conversationId, callId: toWholeId(conversationId, callId) }
    if (find === undefined) {
      const { text, ...place } = fit(await services.results.read(call, { offset, limit }))
      return { ...place, untrusted_text: text }
    }
    const search = { text: find, offset, limit: matchLimit, contextChars }
    const { matches, nextOffset, totalChars } = await services.results.find(call, search)
    return {
      nextOffset,
      totalChars,
      matches: matches.map((match) => ({ offset: match.offset, untrusted_context: match.context })),
    }
  },
})

/** Results are read inside their conversation only, so its id may be left out. */
function toWholeId(conversationId: string, callId: string): string {
  return callId.startsWith(`${conversationId}.`) ? callId : `${conversationId}.${callId}`
}

/** The beginning of a part that is not longer than the limit when it is written as JSON. */
function fit(part: ResultPart): ResultPart {
  const written = JSON.stringify(part.text).length
  if (written <= partLimitChars + 2) return part
  const fitting = Math.floor((part.text.length * partLimitChars) / written)
  const text = wholeBeginning(part.text, fitting)
  return fit({ ...part, text, nextOffset: part.offset + text.length })
}
