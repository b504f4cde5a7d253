import { readFile, readdir, readlink, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { endProcess } from '../process/end-process.ts'
import { describeProcess } from '../process/identity.ts'

const backendsGraceMs = 5_000

/**
 * Ends what is left of an earlier server on this data folder. Backends outlive a killed postmaster for a
 * moment and hold its shared memory; a new server would refuse to start beside them.
 */
export async function endPostgresRemains(dataDir: string): Promise<void> {
  const postmaster = await findPostmaster(dataDir)
  if (postmaster !== undefined) await endProcess(postmaster, 5_000, 'SIGINT')
  await waitForBackends(await realpath(dataDir))
  // Its process number may belong to a stranger by now, for whom PostgreSQL would wait in vain.
  await rm(join(dataDir, 'postmaster.pid'), { force: true })
}

async function findPostmaster(dataDir: string): Promise<number | undefined> {
  const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const pid = Number(text.split('\n', 1)[0])
  if (!Number.isInteger(pid) || pid < 2) return undefined
  const description = await describeProcess(pid)
  return description?.includes(dataDir) ? pid : undefined
}

async function waitForBackends(dataDir: string): Promise<void> {
  const deadline = Date.now() + backendsGraceMs
  for (;;) {
    const backends = await listProcessesIn(dataDir)
    if (backends.length === 0) return
    if (Date.now() > deadline) await Promise.all(backends.map((pid) => endProcess(pid, 0, 'SIGKILL')))
    await sleep(50)
  }
}

/** Lists the processes that work in a folder, as every process of a server does; empty without /proc. */
async function listProcessesIn(dir: string): Promise<number[]> {
  if (process.platform !== 'linux') return []
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 1 && pid !== process.pid)
  const places = await Promise.all(
    pids.map(async (pid) => ({ pid, dir: await readlink(`/proc/${pid}/cwd`).catch(() => undefined) })),
  )
  return places.filter((place) => place.dir === dir).map(({ pid }) => pid)
}
