import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FakeServer, startFakeServer } from './fake-server.ts'

const project = new URL('../../', import.meta.url)
let server: FakeServer
let folder: string

beforeEach(async () => {
  server = await startFakeServer()
  folder = await mkdtemp(join(tmpdir(), 'perdura-snippet-'))
})
afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

test('the snippet of docs/client.md asks and returns the answer', async () => {
  const page = await readFile(new URL('docs/client.md', project), 'utf8')
  const snippet = /```ts\n([^]*?)```/.exec(page)?.[1] ?? ''
  const file = join(folder, 'snippet.ts')
  await writeFile(file, snippet.replaceAll("'../src/", `'${project.pathname}src/`))
  const { askOnce } = await import(file)
  expect(await askOnce(server.url, 'hello')).toMatch(/^You said: hello\..* End\.$/)
})
