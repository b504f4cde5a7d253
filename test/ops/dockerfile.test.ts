import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const lines = readFileSync(join(root, 'Dockerfile'), 'utf8').split('\n')
const copies = lines.filter((line) => line.startsWith('COPY ')).map((line) => line.split(/\s+/).slice(1))
const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')

test('copies only what exists and what .dockerignore lets through', () => {
  const sources = copies
    .filter(([first]) => !first?.startsWith('--from'))
    .flatMap((words) => words.slice(0, -1))
  expect(sources.length).toBeGreaterThan(4)
  for (const source of sources) {
    expect(existsSync(join(root, source)), source).toBe(true)
    expect(ignored, source).toContain(`!${source}`)
  }
})

test('behavior: copies from stages that exist', () => {
  const stages = lines.flatMap((line) => /^FROM .* AS (\w+)$/.exec(line)?.[1] ?? [])
  const used = copies.flatMap(([first]) => /^--from=(\w+)$/.exec(first ?? '')?.[1] ?? [])
  expect(used.length).toBeGreaterThan(1)
  for (const stage of used) expect(stages).toContain(stage)
})

test('behavior: does not run as root', () => {
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')))
  expect(last).toContain('USER node')
})

test('behavior: everything is ignored first, so .env never reaches an image', () => {
  const rules = ignored.filter((line) => line !== '' && !line.startsWith('#'))
  expect(rules[0]).toBe('*')
  expect(rules.slice(1).every((rule) => rule.startsWith('!') && !rule.includes('env'))).toBe(true)
})
