import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { expect, test } from 'vitest'

import { listAnchors, listLinks, listPages, type Page } from './pages.ts'

const projectDir = join(import.meta.dirname, '..', '..')
const pages = listPages()

test('every link leads to a file, and to a heading of it', () => {
  const broken = pages.flatMap((page) =>
    listLinks(page)
      .filter(({ target, anchor }) => !leadsSomewhere(target, anchor))
      .map(({ target, anchor }) => `${page.path}: ${target}${anchor === undefined ? '' : `#${anchor}`}`),
  )
  expect(broken).toEqual([])
})

test('every page in docs is linked from the index of its folder or from the index of docs', () => {
  const inDocs = pages.filter(({ path }) => path.startsWith('docs/') && path !== 'docs/README.md')
  expect(inDocs.filter((page) => !isListed(page)).map(({ path }) => path)).toEqual([])
})

test('the README names commands that exist', () => {
  const readme = getPage('README.md').text
  const { scripts } = JSON.parse(readFileSync(join(projectDir, 'package.json'), 'utf8'))
  const program = readFileSync(join(projectDir, 'src', 'terminal', 'program.ts'), 'utf8')
  const named = (pattern: RegExp) => [...readme.matchAll(pattern)].map(([, name = '']) => name)
  expect(Object.keys(scripts)).toEqual(
    expect.arrayContaining(['start', 'test', ...named(/npm run ([a-z:]+)/g)]),
  )
  const commands = named(/npx perdura ([a-z]+)/g)
  expect(commands).not.toEqual([])
  expect(commands.filter((name) => !program.includes(`.command('${name}'`))).toEqual([])
})

function getPage(wanted: string): Page {
  const page = pages.find(({ path }) => path === wanted)
  if (page === undefined) throw new Error(`${wanted} is not there.`)
  return page
}

function leadsSomewhere(target: string, anchor: string | undefined): boolean {
  if (anchor === undefined) return existsSync(join(projectDir, target))
  const page = pages.find(({ path }) => path === target)
  return page !== undefined && listAnchors(page).includes(anchor)
}

function isListed({ path }: Page): boolean {
  const indexes = [join(dirname(path), 'README.md'), 'docs/README.md']
  return pages
    .filter((page) => indexes.includes(page.path))
    .some((index) => listLinks(index).some(({ target }) => target === path))
}
