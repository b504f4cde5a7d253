/** Runs in a child process of its own: compiles one source and ends. Started by `compiler.ts` only. */
import { startWatchdog } from '../ops/watchdog.ts'
import { compileOrder } from './compiler-protocol.ts'
import type { CompileAnswer, CompileOrder } from './compiler-protocol.ts'

// The parts of WebAssembly's JavaScript interface that are used; TypeScript has them in its browser types only.
type WasmMemory = { readonly buffer: ArrayBuffer; grow: (this: WasmMemory, pages: number) => number }
declare const WebAssembly: { Memory: { prototype: WasmMemory } }

process.once('message', (message) => {
  void compile(compileOrder.parse(message)).then((answer) => {
    process.send?.(answer, () => process.exit(0))
  })
})

// A parent that died closes the channel; nobody waits for the answer any more.
process.once('disconnect', () => process.exit(1))

async function compile(order: CompileOrder): Promise<CompileAnswer> {
  startWatchdog({ timeLimitMs: order.timeLimitMs })
  const memory = limitWasmMemory(order.memoryLimitMb)
  report('loading compiler', 0.1)
  try {
    const { default: solc } = await import('solc')
    report('compiling', 0.4)
    // No import callback: a source can reach neither files nor URLs.
    const output: unknown = solc.compile(order.input)
    if (memory.isExceeded()) return { kind: 'failed', reason: 'memory' }
    const version: unknown = solc.version()
    report('reading the result', 0.9)
    return { kind: 'output', version: String(version), output: String(output) }
  } catch {
    return { kind: 'failed', reason: memory.isExceeded() ? 'memory' : 'internal' }
  }
}

function report(stage: string, fraction: number): void {
  const answer: CompileAnswer = { kind: 'stage', stage, fraction }
  process.send?.(answer)
}

// V8's heap limit does not cover WebAssembly memory, whose own limit is 2 GiB. The compiler's allocator asks
// for more through this function and takes an exception for "no".
function limitWasmMemory(limitMb: number): { isExceeded(): boolean } {
  const prototype = WebAssembly.Memory.prototype
  const { grow } = prototype
  let exceeded = false
  prototype.grow = function (this: WasmMemory, pages: number): number {
    exceeded ||= this.buffer.byteLength + pages * 65_536 > limitMb * 1024 * 1024
    if (exceeded) throw new RangeError('The memory limit is reached.')
    return grow.call(this, pages)
  }
  return { isExceeded: () => exceeded }
}
