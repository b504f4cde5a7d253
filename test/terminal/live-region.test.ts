import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { LiveRegion } from '../../src/terminal/live-region.ts'

function createTerminal(columns = 20, rows = 10) {
  let written = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk)
      done()
    },
  })
  const terminal = Object.assign(stream, { columns, rows, isTTY: true })
  const take = () => {
    const frame = written.replaceAll('\u001b', '^').replaceAll(/\^\[\?2026[hl]/g, '')
    written = ''
    return frame
  }
  return { terminal, take, region: new LiveRegion(terminal) }
}

test('draws again over what it drew, below what is committed', () => {
  const { region, take } = createTerminal()
  region.update([], { rows: ['one', 'two'] })
  expect(take()).toBe('one\r\ntwo')
  region.update(['done'], { rows: ['two'] })
  expect(take()).toBe('^[1A\r^[Jdone\r\ntwo')
  region.erase()
  expect(take()).toBe('\r^[J')
})

test('behavior: writes nothing when nothing has changed', () => {
  const { region, take } = createTerminal()
  region.update([], { rows: ['one'] })
  take()
  region.update([], { rows: ['one'] })
  expect(take()).toBe('')
})

test('behavior: leaves the cursor where it belongs and starts from there', () => {
  const { region, take } = createTerminal()
  region.update([], { rows: ['one', 'two', 'three'], cursor: { row: 1, column: 2 } })
  expect(take()).toBe('one\r\ntwo\r\nthree^[1A\r^[2C')
  region.update([], { rows: ['new'] })
  expect(take()).toBe('^[1A\r^[Jnew')
})

test('behavior: removes rows that a narrower terminal has folded', () => {
  const { region, terminal, take } = createTerminal(80)
  region.update([], { rows: ['x'.repeat(70), 'prompt'] })
  take()
  terminal.columns = 30
  region.update([], { rows: ['new'] })
  expect(take()).toBe('^[3A\r^[Jnew')
})

test('behavior: shows the last rows when the terminal is low', () => {
  const { region, take } = createTerminal(20, 3)
  region.update([], { rows: ['one', 'two', 'three'] })
  expect(take()).toBe('two\r\nthree')
})

test('behavior: begins at the cursor when another program had the terminal', () => {
  const { region, take } = createTerminal()
  region.update([], { rows: ['one', 'two'] })
  take()
  region.forget()
  region.update([], { rows: ['one', 'two'] })
  expect(take()).toBe('one\r\ntwo')
})
