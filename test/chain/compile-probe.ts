/** Compiles for minutes and says when the compiler is at it; the test kills it there. */
import { createCompiler } from '../../src/chain/compiler.ts'
import { hugeSource } from './huge-source.ts'

const { signal } = new AbortController()
const onStage = (stage: string) => {
  if (stage === 'compiling') process.send?.(stage)
}
await createCompiler().compile({ source: hugeSource }, { signal, onStage })
