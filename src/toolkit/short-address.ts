/** Shortens an address for a title: `0x7099…79C8`. Never use it where a person decides by it. */
export function shortAddress(address: string): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`
}
