import { closeSync, openSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

const tailBytes = 16_384

/** Begins a new log: the one of the last run is kept beside it with the ending `.1`. */
export async function rotateLog(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await rm(`${file}.1`, { force: true })
  await rename(file, `${file}.1`).catch(() => undefined)
}

/** Lends an open log to `use`; a child process keeps its own copy of the descriptor. */
export async function withLog<T>(file: string, use: (descriptor: number) => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true })
  const descriptor = openSync(file, 'a')
  try {
    return await use(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Reads the last lines of a log; empty when there is none. */
export async function readTail(file: string, lineCount = 15): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined)
  if (!handle) return ''
  try {
    const { size } = await handle.stat()
    const start = Math.max(0, size - tailBytes)
    const { bytesRead, buffer } = await handle.read({ buffer: Buffer.alloc(tailBytes), position: start })
    const lines = buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n')
    return lines.slice(-lineCount).join('\n')
  } finally {
    await handle.close()
  }
}
