import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const projectDir = join(import.meta.dirname, '..', '..')

/** A page for people: its path in the project and its text. */
export type Page = { path: string; text: string }

/** Every page at the top and in docs. */
export function listPages(): Page[] {
  return globSync(['*.md', 'docs/**/*.md'], { cwd: projectDir }).map((path) => ({
    path,
    text: readFileSync(join(projectDir, path), 'utf8'),
  }))
}

/** The files that a page links to, as paths in the project, with the anchor that is wanted of each. */
export function listLinks({ path, text }: Page): { target: string; anchor: string | undefined }[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [file = '', anchor] = link.split('#')
      return { target: file === '' ? path : normalize(join(dirname(path), file)), anchor }
    })
}

/** The anchors of a page, as they are made of its headings. */
export function listAnchors({ text }: Page): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function withoutCode(text: string): string {
  return text.replace(/```[\s\S]*?```/g, '')
}
