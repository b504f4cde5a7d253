import { setTimeout as sleep } from 'node:timers/promises'

import { describeProcess } from './identity.ts'

/** Ends a process that is not our child: `signal`, up to `graceMs`, then SIGKILL. Resolves when it is gone. */
export async function endProcess(
  pid: number,
  graceMs: number,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<void> {
  const deadline = Date.now() + graceMs
  send(pid, signal)
  while (await describeProcess(pid)) {
    if (Date.now() >= deadline) send(pid, 'SIGKILL')
    await sleep(50)
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone already; the caller looks.
  }
}
