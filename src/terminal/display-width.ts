const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const invisible = /^[\p{Mark}\p{Format}\p{Control}]+$/u
const emoji = /\p{Emoji_Presentation}|\uFE0F/u
/** East Asian characters that take two columns. */
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]/u
const plainAscii = /^[\x20-\x7e]*$/

/** How many columns a text takes in a terminal. Styles must have been removed. */
export function displayWidth(text: string): number {
  if (plainAscii.test(text)) return text.length
  let columns = 0
  for (const { segment } of graphemes.segment(text)) columns += graphemeWidth(segment)
  return columns
}

/** The longest start of a text that fits; ends with "…" if something was cut. */
export function fitColumns(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  let fitting = ''
  let used = 1
  for (const { segment } of graphemes.segment(text)) {
    used += graphemeWidth(segment)
    if (used > columns) break
    fitting += segment
  }
  return `${fitting}…`
}

/** Cuts a text into pieces that each fill one row. */
export function splitRows(text: string, columns: number): string[] {
  const rows = ['']
  let used = 0
  for (const { segment } of graphemes.segment(text)) {
    const width = graphemeWidth(segment)
    if (used + width > columns) {
      rows.push('')
      used = 0
    }
    rows[rows.length - 1] += segment
    used += width
  }
  return rows
}

function graphemeWidth(grapheme: string): number {
  if (invisible.test(grapheme)) return 0
  return emoji.test(grapheme) || wide.test(grapheme) ? 2 : 1
}
