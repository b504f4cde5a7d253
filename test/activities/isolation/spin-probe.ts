/** A worker with one tool that spins and one that waits; says when both are at it. The test kills it there. */
import { openToolProcesses } from '../../../src/activities/isolation/tool-processes.ts'

const processes = openToolProcesses({ memoryLimitMb: 64, env: {} })
const [, , file = ''] = process.argv
const unused = () => {
  throw new Error('No service is asked for.')
}

async function untilBegun(how: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  void processes.run({
    file,
    input: { how },
    context: {
      signal: new AbortController().signal,
      progress: () => resolve(),
      log: () => {},
      services: {
        chain: unused,
        compiler: unused,
        now: () => new Date(),
        results: { read: unused, find: unused },
        memory: { search: unused },
        http: unused,
      },
      owner: '',
      chainId: 1,
      conversationId: '',
      callId: '',
      idempotencyKey: '',
    },
    defaultChainId: 1,
    interruption: () => undefined,
    onBegun: () => {},
    onReturned: () => {},
  })
  return promise
}

await Promise.all(['spin', 'takeLong'].map(untilBegun))
process.send?.('both are at it')
