/** The item that a list has shown under this number; says so when there is none. */
export function pickNumbered<Item>(
  items: readonly Item[],
  number: string,
  say: (text: string) => void,
): Item | undefined {
  const item = /^[1-9]\d{0,5}$/.test(number) ? items[Number(number) - 1] : undefined
  if (item === undefined) {
    say(items.length === 0 ? 'The list is empty.' : `Give a number from 1 to ${items.length}.`)
  }
  return item
}
