import type { SourceFile } from './source-file.ts'

type Rule = { about: string; breaks(file: SourceFile): boolean }

const lineLimit = 300

const rules: readonly Rule[] = [
  {
    about: 'a folder or file is named after a concept, not utils, lib, helpers, common or types',
    breaks: ({ path }) => /(^|\/)(utils?|libs?|helpers?|common|types|shared|misc)(\/|\.[a-z]+$)/.test(path),
  },
  {
    about: 'file names are kebab-case',
    breaks: ({ path }) => /[A-Z_]/.test(path.split('/').at(-1) ?? ''),
  },
  {
    about: `a file over ${lineLimit} lines wants splitting`,
    breaks: ({ text }) => text.split('\n').length > lineLimit,
  },
  {
    about: 'only tools and configuration files export a default',
    breaks: ({ path, text }) => /^export default\b/m.test(text) && !isTool(path) && !isConfiguration(path),
  },
  {
    about: 'no any: use unknown and parse',
    breaks: ({ text }) => /(?:[:<,|]|\bas)\s*any\b(?!\s+\w)/.test(withoutTexts(text)),
  },
  {
    about: 'the compiler is not silenced (a test may expect an error)',
    breaks: ({ path, text }) =>
      /@ts-(ignore|nocheck)/.test(text) || (!path.startsWith('test/') && text.includes('@ts-expect-error')),
  },
  {
    about: 'a TODO names its issue, as TODO(#12)',
    breaks: ({ text }) => /\bTODO\b(?!\(#\d+\))/.test(text),
  },
  {
    about: 'the words are conversation and turn, not session, thread or job (a login session is one)',
    breaks: ({ path, text }) => path.startsWith('src/') && foreignWord.test(text),
  },
  {
    // The linter sees `validator: async () => …` but not the method form behind overloads.
    about: 'an update validator is synchronous: the rejection of an async one is dropped',
    breaks: ({ text }) => /\basync\s+validator\s*\(|\bvalidator:\s*async\b/.test(withoutTexts(text)),
  },
]

const foreignWord =
  /^export (?:async )?(?:type|interface|class|function|const) \w*(?<!Login)(?:Session|Thread|Job)/m

/** One sentence for each rule that the file breaks. */
export function findBrokenRules(file: SourceFile): string[] {
  return rules.filter((rule) => rule.breaks(file)).map((rule) => `${file.path}: ${rule.about}`)
}

/** The folder is the registry: what a file there exports by default is a tool. */
function isTool(path: string): boolean {
  return /(^|\/)tools\//.test(path)
}

function isConfiguration(path: string): boolean {
  return path.endsWith('.config.ts') || path.endsWith('setup.ts')
}

function withoutTexts(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\/\/.*$/gm, '')
    .replaceAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, "''")
}
