import { setTimeout as sleep } from 'node:timers/promises'

import { type Child, describeExit } from '../process/child.ts'
import { readTail, rotateLog } from '../process/log-file.ts'
import { EndedEarly } from '../process/wait-until.ts'
import type { Part, RunningPart, Tier } from './part.ts'
import { Progress } from './progress.ts'
import { restartPauseMs, stableAfterMs } from './restart-pause.ts'
import type { Screen } from './screen.ts'
import { StartError, messageOf } from './start-error.ts'

/** What is known of a part that has a process right now. */
export type PartStatus = { part: Part; pid: number; restarts: number; startedAt: Date }

// Together below the 10 s within which everything has to be gone.
const stopOrder: readonly (readonly [tier: Tier, graceMs: number])[] = [
  ['app', 5_000],
  ['server', 2_500],
  ['database', 1_500],
]

type Entry = {
  part: Part
  child?: Child
  running?: RunningPart
  /** Settles when the start under way, if any, has come to its end. */
  starting?: Promise<unknown>
  restarts: number
  deaths: number
  startedAt: Date
}

/** Keeps parts alive: starts them, starts again what dies, and stops all in order. */
export class Supervisor {
  readonly #entries = new Map<string, Entry>()
  readonly #ending = new AbortController()
  readonly #screen: Screen
  readonly #onChange: (parts: PartStatus[]) => Promise<void>

  /** `onChange` is told the parts that have a process, whenever that changes. */
  constructor(screen: Screen, onChange: (parts: PartStatus[]) => Promise<void>) {
    this.#screen = screen
    this.#onChange = onChange
  }

  /**
   * Starts a part and resolves when it serves; from then on it is started again whenever it dies.
   * @throws StartError with the last lines of its log
   */
  async start(part: Part): Promise<void> {
    this.#ending.signal.throwIfAborted()
    const entry: Entry = { part, restarts: 0, deaths: 0, startedAt: new Date() }
    this.#entries.set(part.name, entry)
    await rotateLog(part.logFile)
    try {
      await this.#run(entry)
    } catch (error) {
      this.#ending.signal.throwIfAborted()
      const log = error instanceof EndedEarly ? await readTail(part.logFile) : ''
      const tail = log ? `\nThe last lines of ${part.logFile}:\n${log.replace(/^/gm, '  | ')}` : ''
      throw new StartError(`${part.name}: ${messageOf(error)}${tail}`, { cause: error })
    }
    void this.#keepAlive(entry)
  }

  /** Stops every part, dependants first; within 10 s none is left. */
  async stop(): Promise<void> {
    this.#ending.abort(new Error('Stopping.'))
    for (const [tier, graceMs] of stopOrder) {
      const entries = [...this.#entries.values()].filter(({ part }) => part.tier === tier)
      await Promise.all(entries.map((entry) => stopEntry(entry, graceMs)))
    }
    // A start that had no process yet sees the end before it makes one.
    await Promise.allSettled([...this.#entries.values()].flatMap(({ starting }) => starting ?? []))
  }

  async #run(entry: Entry): Promise<void> {
    const { part } = entry
    const progress = new Progress((text) => this.#screen.part(part.name, text))
    const starting = part.start({
      signal: this.#ending.signal,
      report: (text) => progress.report(text),
      onSpawn: (child) => {
        entry.child = child
        entry.startedAt = new Date()
        void this.#publish()
      },
    })
    entry.starting = starting
    try {
      entry.running = await starting
    } finally {
      progress.stop()
    }
    await this.#publish()
    progress.report(`ready after ${progress.seconds()} s${part.url ? ` at ${part.url}` : ''}`)
  }

  async #keepAlive(entry: Entry): Promise<void> {
    while (entry.running) {
      const ending = describeExit(await entry.running.exited)
      if (this.#ending.signal.aborted) return
      delete entry.running
      await this.#restart(entry, ending)
    }
  }

  async #restart(entry: Entry, ending: string): Promise<void> {
    if (Date.now() - entry.startedAt.getTime() > stableAfterMs) entry.deaths = 0
    for (let reason = ending; !entry.running && !this.#ending.signal.aborted;) {
      delete entry.child
      await this.#publish()
      const pauseMs = restartPauseMs(entry.deaths++)
      const when = pauseMs === 0 ? 'at once' : `in ${pauseMs / 1000} s`
      this.#screen.part(entry.part.name, `died (${reason}): starting it again ${when}`)
      entry.restarts++
      try {
        await sleep(pauseMs, undefined, { signal: this.#ending.signal })
        await this.#run(entry)
      } catch (error) {
        reason = messageOf(error)
      }
    }
  }

  async #publish(): Promise<void> {
    const alive = [...this.#entries.values()].flatMap(({ part, child, restarts, startedAt }) =>
      child ? [{ part, pid: child.pid, restarts, startedAt }] : [],
    )
    await this.#onChange(alive)
  }
}

async function stopEntry({ running, child }: Entry, graceMs: number): Promise<void> {
  // One that is still starting has no own way to stop yet.
  await (running ?? child)?.stop(graceMs)
}
