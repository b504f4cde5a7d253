import { cleanUntrustedText } from '../contracts/untrusted-text.ts'

/** Characters of a title that nobody has typed. */
export const titleLimit = 60

/**
 * Makes one plain line of a text: no control, bidi or invisible characters, no markup, no quotes around it. Undefined
 * when nothing is left.
 */
export function cleanTitle(raw: string): string | undefined {
  const line = raw
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[*`#<>|[\]"“”„«»]/g, '')
    .replace(/\s+/g, ' ')
  const { text } = cleanUntrustedText(line, 1_000)
  const plain = text.replace(/^['‘’\s_-]+|['‘’\s_.-]+$/gu, '')
  return plain === '' ? undefined : plain
}

/** Makes a title of a user's message, as it is or cut at a word. Undefined when it has no words. */
export function cutTitle(message: string): string | undefined {
  const line = cleanTitle(message.slice(0, 1_000))
  if (line === undefined || line.length <= titleLimit) return line
  const head = line.slice(0, titleLimit - 1)
  const end = head.lastIndexOf(' ')
  return `${(end > titleLimit / 2 ? head.slice(0, end) : head).toWellFormed().trimEnd()}…`
}
