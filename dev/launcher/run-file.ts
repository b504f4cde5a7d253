import { readFile, rename, rm, writeFile } from 'node:fs/promises'

import { z } from 'zod'

import type { PartStatus } from './supervisor.ts'

const partSchema = z.object({
  name: z.string(),
  pid: z.int(),
  port: z.int().optional(),
  url: z.string().optional(),
  restarts: z.int(),
  startedAt: z.iso.datetime(),
})

const runSchema = z.object({
  version: z.literal(1),
  url: z.string(),
  docsUrl: z.string(),
  temporalUiUrl: z.string().optional(),
  temporalAddress: z.string(),
  databaseUrl: z.string(),
  rpcUrl: z.string(),
  launcher: z.object({ pid: z.int() }),
  parts: z.array(partSchema),
})

/** What a running Perdura tells other programs of this machine about itself. */
export type Run = z.infer<typeof runSchema>

/** Reads the description of a run; undefined when there is none that can be read. */
export async function findRun(file: string): Promise<Run | undefined> {
  try {
    return runSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return undefined
  }
}

/** Describes a run as this process leads it. */
export function describeRun(
  addresses: Omit<Run, 'version' | 'launcher' | 'parts'>,
  parts: PartStatus[],
): Run {
  return {
    version: 1,
    ...addresses,
    launcher: { pid: process.pid },
    parts: parts.map(({ part, pid, restarts, startedAt }) => ({
      name: part.name,
      pid,
      ...(part.port !== undefined && { port: part.port }),
      ...(part.url !== undefined && { url: part.url }),
      restarts,
      startedAt: startedAt.toISOString(),
    })),
  }
}

/** The published description of one run: each state replaces the one before, whole. */
export class RunFile {
  readonly #file: string
  #writing: Promise<void> = Promise.resolve()

  constructor(file: string) {
    this.#file = file
  }

  /** Replaces the description. Of several calls the last one stays. */
  async write(run: Run): Promise<void> {
    this.#writing = this.#writing.then(() => replace(this.#file, run))
    await this.#writing
  }

  /** Removes the description, after what is still being written. */
  async remove(): Promise<void> {
    await this.#writing
    await rm(this.#file, { force: true })
  }
}

async function replace(file: string, run: Run): Promise<void> {
  const unfinished = `${file}.${process.pid}`
  // It holds the password of the database.
  await writeFile(unfinished, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 })
  await rename(unfinished, file)
}
