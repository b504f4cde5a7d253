/** What a model's argument text holds; `fault` completes the sentence "The arguments …". */
export type JsonText = { ok: true; value: unknown } | { ok: false; fault: string }

const sizeLimit = 256 * 1024
const depthLimit = 32

/** Reads JSON that a model wrote: bounded in size and depth, free of what a database cannot store. Never throws. */
export function parseJsonText(text: string): JsonText {
  if (text.length > sizeLimit)
    return { ok: false, fault: `are longer than ${sizeLimit} characters. Write less.` }
  // Several models send nothing at all for a tool without parameters.
  if (text.trim() === '') return { ok: true, value: {} }
  if (isTooDeep(text))
    return { ok: false, fault: `are nested deeper than ${depthLimit} levels. Write them flat.` }
  let isStorable = true
  try {
    const value: unknown = JSON.parse(text, (key, entry: unknown) => {
      isStorable &&= isStorableText(key) && (typeof entry !== 'string' || isStorableText(entry))
      return entry
    })
    if (!isStorable)
      return { ok: false, fault: 'hold a NUL character or half a surrogate pair. Leave it out.' }
    return { ok: true, value }
  } catch {
    return {
      ok: false,
      fault: 'are not valid JSON. Write one JSON object with double-quoted names and no comments.',
    }
  }
}

// Counted before parsing, since everything after it, the store's JSON included, walks the value recursively.
function isTooDeep(text: string): boolean {
  let depth = 0
  let isInString = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (isInString) {
      if (character === '\\') index += 1
      else if (character === '"') isInString = false
    } else if (character === '"') isInString = true
    else if (character === '{' || character === '[') depth += 1
    else if (character === '}' || character === ']') depth -= 1
    if (depth > depthLimit) return true
  }
  return false
}

function isStorableText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}
