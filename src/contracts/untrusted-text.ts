/** Text from a chain, a compiler or an explorer is written by strangers: it is cleaned, cut and counted. */

/** Characters that each kind of text may keep. */
export const untrustedLimits = { symbol: 16, name: 64, text: 280, revert: 200, source: 6_000 } as const

export type UntrustedText = {
  text: string
  /** Control, bidi and zero-width characters that were taken out. */
  removed: number
  isCut: boolean
}

// Everything that has no glyph of its own: controls, bidi and other format characters, lone surrogates, line
// and paragraph separators, fillers and variation selectors, and the braille blank.
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu
const invisibleButLineBreaks = new RegExp(`(?!\\n)${invisible.source}`, 'gu')

/** Cleans text for an `untrusted_…` field. `keepLines` keeps line breaks, for compiler messages. */
export function cleanUntrustedText(
  raw: string,
  limit: number,
  options: { keepLines?: boolean } = {},
): UntrustedText {
  // A hostile text may have millions of characters; those far beyond the limit are never looked at.
  const head = raw.slice(0, limit * 16)
  let removed = 0
  const visible = head.replace(options.keepLines ? invisibleButLineBreaks : invisible, () => {
    removed += 1
    return ''
  })
  const characters = Array.from(visible)
  const isCut = characters.length > limit || head.length < raw.length
  const text = isCut ? `${characters.slice(0, limit - 1).join('')}…` : visible
  return { text: text.trim(), removed, isCut }
}
