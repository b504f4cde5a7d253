/**
 * What never reaches a log. Two nets, because a secret arrives either as a field of its own or inside a
 * text that somebody else made (an error of a library, a URL).
 */

const hidden = '[redacted]'
const depthLimit = 8

/** Ends of field names, in any case: `openaiApiKey`, `x-api-key`, `Set-Cookie`. */
const secretEndings = [
  'authorization',
  'token',
  'apikey',
  'api_key',
  'api-key',
  'cookie',
  'signature',
  'password',
  'passphrase',
  'secret',
  'privatekey',
  'private_key',
  'mnemonic',
  'credentials',
]

/** What people and models say; whole field names, because `context` is not content. */
const contentNames = new Set([
  'text',
  'delta',
  'prompt',
  'system',
  'instructions',
  'messages',
  'content',
  'title',
  'input',
  'output',
  'arguments',
  'args',
  'answers',
  'body',
  'headers',
])

/** Repetitions are bounded: a log line may be a megabyte without a space. */
const textRules: readonly [RegExp, string][] = [
  // Credentials before the host of a URL.
  [/\b([a-z][a-z0-9+.-]{1,30}:\/\/)[^\s/@"']{1,500}@/gi, `$1${hidden}@`],
  // Keys in a query.
  [/([?&][^=?&\s"']{0,40}(?:key|token|secret|signature|password)=)[^&\s"'\\]+/gi, `$1${hidden}`],
  // Keys in the path, as RPC services have them.
  [/(https?:\/\/[^\s"'\\]{0,300}?\/)[A-Za-z0-9_-]{20,}(?=[/?#\s"'\\]|$)/g, `$1${hidden}`],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${hidden}`],
  [/\bsk-[A-Za-z0-9_-]{8,}/g, hidden],
  // 65 bytes in hex: a signature. Hashes and addresses are shorter.
  [/\b0x[0-9a-f]{130}\b/gi, hidden],
]

/** Secret fields of a finished JSON line. */
const secretFields = new RegExp(`("[^"\\\\]*(?:${secretEndings.join('|')})":")(?:[^"\\\\]|\\\\.)*"`, 'gi')

/** Removes credentials from a text: in URLs, headers, keys and signatures. Keeps JSON valid. */
export function redactText(text: string): string {
  return textRules.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text)
}

/** The last net over a finished line: a child logger's own fields pass by `redactFields`. */
export function redactLine(line: string): string {
  return redactText(line).replace(secretFields, `$1${hidden}"`)
}

/** Copies log fields with secrets and content replaced, at any depth. Errors become plain objects. */
export function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return redactRecord(fields, 0)
}

/** What a log keeps of an error: name, code, message, stack, details and causes; nothing else it carries. */
export function describeError(error: Error, depth = 0): Record<string, unknown> {
  const { name, message, stack, cause } = error
  const code: unknown = 'code' in error ? error.code : undefined
  const details: unknown = 'details' in error ? error.details : undefined
  return {
    name,
    message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(details === undefined ? {} : { details: redactValue(details, depth + 1) }),
    stack,
    ...(cause instanceof Error && depth < depthLimit ? { cause: describeError(cause, depth + 1) } : {}),
  }
}

function redactRecord(record: object, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(record)) {
    copy[name] = isSecretName(name) && value !== undefined ? hidden : redactValue(value, depth + 1)
  }
  return copy
}

function redactValue(value: unknown, depth: number): unknown {
  if (value instanceof Error) return describeError(value, depth)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (depth > depthLimit) return '[deep]'
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => redactValue(item, depth + 1))
  if (value instanceof Date || value instanceof Uint8Array) return String(value)
  return redactRecord(value, depth)
}

function isSecretName(name: string): boolean {
  const plain = name.toLowerCase()
  return contentNames.has(plain) || secretEndings.some((ending) => plain.endsWith(ending))
}
