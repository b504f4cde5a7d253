/** The item that an index of any size chooses. Undefined: there is none. */
export function pick<Item>(items: readonly Item[], index: number): Item | undefined {
  return items[index % items.length]
}
