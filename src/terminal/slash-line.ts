/** Whether a line is for the chat itself; two slashes begin a text. */
export function isCommand(line: string): boolean {
  return /^\s*\/(?!\/)/.test(line)
}

/** Two slashes stand for one that begins a text and not a command. */
export function unescapeSlash(line: string): string {
  return line.replace(/^(\s*)\/\//, '$1/')
}
