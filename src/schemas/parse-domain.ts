/**
 * Reads a host name as a browser does: small letters, international names in their ASCII form, no dot at the end.
 * Undefined for anything else, as a URL, a port or a path.
 */
export function parseDomain(text: string): string | undefined {
  // The parser takes out white space and a usual port without a word.
  if (/\s|\p{Cc}|:\d*$/u.test(text)) return undefined
  const url = URL.parse(`https://${text.replace(/\.$/, '')}/`)
  if (url === null || url.href !== `https://${url.hostname}/` || url.hostname.endsWith('.')) return undefined
  return url.hostname
}
