/**
 * Text as PostgreSQL can hold it: NUL and lone surrogates, which models and tools do produce, become
 * U+FFFD.
 */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed()
}

// JSON.stringify escapes NUL and lone surrogates only; an even number of backslashes before means that
// the escape is one, and not text that looks like it.
const unstorableEscape = /(?<=(?:^|[^\\])(?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g

/** JSON text as PostgreSQL can hold it, with the same replacements in strings and keys. */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value ?? null)
  return json.includes('\\u') ? json.replace(unstorableEscape, '\\ufffd') : json
}
