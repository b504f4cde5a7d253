import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { errorStatus } from '../../src/contracts/errors.ts'

const folder = join(import.meta.dirname, '..', '..', 'docs', 'errors')
const codes = Object.keys(errorStatus).toSorted()
const read = (name: string) => readFileSync(join(folder, name), 'utf8')

test('every code has a page in docs/errors, and every page a code', () => {
  const pages = readdirSync(folder).filter((name) => name !== 'README.md')
  expect(pages.map((name) => name.replace(/\.md$/, '')).toSorted()).toEqual(codes)
})

test('every page says what happened and what to do', () => {
  for (const code of codes) {
    expect(read(`${code}.md`), code).toMatch(/^# `\w+`\n\n\*\*.+\.\*\* .+\n\n\*\*What to do\.\*\* .+\n$/)
    expect(read(`${code}.md`).startsWith(`# \`${code}\``), code).toBe(true)
  }
})

test('the index names every page once', () => {
  const named = [...read('README.md').matchAll(/^\| \[`(\w+)`\]\((\w+)\.md\) \| .+ \|$/gm)]
  expect(named.map(([, code = '']) => code).toSorted()).toEqual(codes)
  expect(named.every(([, code, page]) => code === page)).toBe(true)
})
