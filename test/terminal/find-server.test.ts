import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findServer } from '../../src/terminal/find-server.ts'
import { findToken, saveToken } from '../../src/terminal/token-file.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perdura-terminal-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function writeRun(run: object): Promise<string> {
  await mkdir(join(folder, '.perdura'), { recursive: true })
  await mkdir(join(folder, 'a', 'b'), { recursive: true })
  await writeFile(
    join(folder, '.perdura', 'run.json'),
    JSON.stringify({ version: 1, launcher: { pid: 1 }, parts: [], ...run }),
  )
  return join(folder, 'a', 'b')
}

const login = (token: string, expiresAt = '2999-01-01T00:00:00.000Z') =>
  ({ token, expiresAt, owner: { id: 'o', kind: 'guest' } }) as const

test('finds the run file of a folder above', async () => {
  const cwd = await writeRun({ url: 'http://localhost:4040' })
  expect(await findServer({ cwd, env: {} })).toMatchObject({
    url: 'http://localhost:4040',
    run: { version: 1 },
  })
})

test('behavior: PERDURA_URL wins', async () => {
  const cwd = await writeRun({ url: 'http://localhost:4040' })
  const server = await findServer({ cwd, env: { PERDURA_URL: 'https://perdura.example/' } })
  expect(server).toEqual({ url: 'https://perdura.example', identity: 'https://perdura.example' })
})

test('behavior: a server keeps its identity when its ports move, and shows no password', async () => {
  const identityAt = async (port: number) => {
    const cwd = await writeRun({
      url: `http://localhost:${port}`,
      databaseUrl: `postgres://me:secret@127.0.0.1:${port}/perdura`,
    })
    return (await findServer({ cwd, env: {} })).identity
  }
  const first = await identityAt(4040)
  expect(await identityAt(4041)).toBe(first)
  expect(first).not.toContain('secret')
})

test('error: says how to start it when there is none', async () => {
  await expect(findServer({ cwd: folder, env: {} })).rejects.toMatchObject({
    exitCode: 3,
    message: 'Perdura is not running here. Start it with: npm start',
  })
})

test('error: a run file that is cut or of another version counts as none', async () => {
  const cwd = await writeRun({ version: 2, url: 'http://localhost:4040' })
  await expect(findServer({ cwd, env: {} })).rejects.toMatchObject({ exitCode: 3 })
})

test('keeps a token for each server, readable by the user only', async () => {
  const path = join(folder, 'config', 'perdura', 'token.json')
  const one = { url: 'http://one', identity: 'one' }
  const two = { url: 'http://two', identity: 'two' }
  await saveToken(path, one, login('first'))
  await saveToken(path, two, login('second'))
  await saveToken(path, one, login('third'))
  expect([await findToken(path, one), await findToken(path, two)]).toEqual(['third', 'second'])
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readFile(path, 'utf8')).not.toContain('first')
})

test('behavior: a server named by its URL takes the token of the same URL; an expired one is none', async () => {
  const path = join(folder, 'token.json')
  await saveToken(path, { url: 'http://one', identity: '/a/folder' }, login('kept'))
  expect(await findToken(path, { url: 'http://one', identity: 'http://one' })).toBe('kept')
  await saveToken(path, { url: 'http://two', identity: 'two' }, login('old', '2001-01-01T00:00:00.000Z'))
  expect(await findToken(path, { url: 'http://two', identity: 'two' })).toBeUndefined()
})

test('error: a token file that cannot be understood holds no tokens', async () => {
  const path = join(folder, 'token.json')
  await writeFile(path, '{"tokens": [1, {"token": 2}]')
  await chmod(path, 0o600)
  expect(await findToken(path, { url: 'u', identity: 'i' })).toBeUndefined()
})
