/** What the person at the terminal sees: one line for each thing that happens, with the part it happens to. */
export interface Screen {
  /** Shows a fact about one part. */
  part(name: string, text: string): void
  /** Shows lines of the launcher itself. */
  line(text: string): void
}

const nameWidth = 12

/** Makes the screen that writes to stdout. */
export function createScreen(): Screen {
  return {
    part: (name, text) => write(`  ${name.padEnd(nameWidth)}${text}`),
    line: (text) => write(text),
  }
}

function write(text: string): void {
  process.stdout.write(`${text}\n`)
}
