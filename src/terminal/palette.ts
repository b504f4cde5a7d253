import { styleText } from 'node:util'

/** Puts style on text, or leaves it as it is. */
export type Palette = Record<'dim' | 'bold' | 'green' | 'red' | 'yellow' | 'cyan', (text: string) => string>

/** Styles for a stream: none when it is no terminal or NO_COLOR is set. */
export function createPalette(stream: { isTTY?: boolean }, env: Record<string, string | undefined>): Palette {
  const styled = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
  const paint = (style: keyof Palette) => (text: string) =>
    styled && text !== '' ? styleText(style, text, { validateStream: false }) : text
  return {
    dim: paint('dim'),
    bold: paint('bold'),
    green: paint('green'),
    red: paint('red'),
    yellow: paint('yellow'),
    cyan: paint('cyan'),
  }
}
