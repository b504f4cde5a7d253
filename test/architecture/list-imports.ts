/** `typeOnly`: nothing of it is left when the types are erased. */
export type ModuleImport = { name: string; typeOnly: boolean }

const statement = /^[ \t]*(?:import|export)\b(\s+type\b)?(?:[^'"`;=()]*?\bfrom)?\s*['"]([^'"]+)['"]/gm
const call = /\bimport(\()\s*['"]([^'"]+)['"]/g

/** The imports of a text in their order: static, type-only, re-exported and dynamic ones. */
export function listImports(text: string): ModuleImport[] {
  const code = withoutComments(text)
  return [...code.matchAll(statement), ...code.matchAll(call)]
    .toSorted((a, b) => a.index - b.index)
    .map(([, kind, name = '']) => ({ name, typeOnly: kind?.trim() === 'type' }))
}

/** Line comments only where a line begins with them: `//` also stands in URLs. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^[ \t]*\/\/.*$/gm, '')
}
