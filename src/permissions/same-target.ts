/** Whether two addresses are one contract; the case of their digits does not matter. */
export function isSameContract(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/** Whether a domain is the wanted one or stands below it, as `api.example.com` below `example.com`. */
export function isWithinDomain(domain: string, wanted: string): boolean {
  const [inner, outer] = [domain.toLowerCase(), wanted.toLowerCase()]
  return inner === outer || inner.endsWith(`.${outer}`)
}
