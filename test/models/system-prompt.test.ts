import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { loadSystemPrompt } from '../../src/models/system-prompt.ts'

describe('loadSystemPrompt', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'perdura-prompt-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  async function load(text: string) {
    const path = join(folder, 'prompt.md')
    await writeFile(path, text)
    return loadSystemPrompt(path)
  }

  it("loads the product's own, with a version and a hash", async () => {
    const prompt = await loadSystemPrompt()
    expect(prompt.version).toMatch(/^\d+$/)
    expect(prompt.hash).toMatch(/^[0-9a-f]{16}$/)
    expect(prompt.text).toMatch(/^You are Perdura/)
    expect(prompt.text).toContain('chain_context')
  })

  it("behavior: an operator's file needs no front matter", async () => {
    expect(await load('Be brief.\n')).toMatchObject({ text: 'Be brief.', version: 'custom' })
    expect(await load('---\nversion: acme-3\n---\nBe brief.')).toMatchObject({
      text: 'Be brief.',
      version: 'acme-3',
    })
  })

  it('behavior: the hash is that of the text', async () => {
    const [plain, versioned, other] = [
      await load('A'),
      await load('---\nversion: 2\n---\nA\n'),
      await load('B'),
    ]
    expect(versioned.hash).toBe(plain.hash)
    expect(other.hash).not.toBe(plain.hash)
  })

  it('error: a missing or empty file says which variable to look at', async () => {
    await expect(loadSystemPrompt(join(folder, 'absent.md'))).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('PERDURA_SYSTEM_PROMPT'),
    })
    await expect(load(' \n')).rejects.toMatchObject({ code: 'configuration' })
  })
})
