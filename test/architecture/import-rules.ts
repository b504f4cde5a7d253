import { posix } from 'node:path'

import { layers, viemFolders } from './layers.ts'
import type { Layer } from './layers.ts'
import { listImports } from './list-imports.ts'
import type { ModuleImport } from './list-imports.ts'
import type { SourceFile } from './source-file.ts'

/** One sentence for each import that the rules forbid. */
export function findForbiddenImports(file: SourceFile): string[] {
  const folder = folderOf(file.path)
  const layer = layers[folder]
  if (layer === undefined) return [`${file.path}: no import rule for the folder ${folder}`]
  return listImports(file.text).flatMap((imported) => {
    const fault = findFault(file.path, { ...layer, folder }, imported)
    return fault === undefined ? [] : [`${file.path} imports ${imported.name}: ${fault}`]
  })
}

type NamedLayer = Layer & { folder: string }

function findFault(path: string, layer: NamedLayer, { name, typeOnly }: ModuleImport): string | undefined {
  if (name.startsWith('node:')) return layer.node ? undefined : `${layer.folder} uses nothing of Node`
  if (!name.startsWith('.')) return findPackageFault(layer, packageOf(name))
  if (!/\.(ts|tsx|mjs|json|css)$/.test(name)) return 'a relative import names its file with extension'
  const target = posix.normalize(posix.join(posix.dirname(path), name))
  return findPartFault(layer, target, typeOnly)
}

function findPartFault(layer: NamedLayer, target: string, typeOnly: boolean): string | undefined {
  const part = folderOf(target)
  if (part === layer.folder || layer.parts.includes('*')) return undefined
  const names = [part, target.replace(/^src\//, '')]
  if (names.some((name) => layer.parts.includes(name))) return undefined
  if (typeOnly && names.some((name) => layer.types?.includes(name))) return undefined
  return `${layer.folder} may import ${layer.parts.join(', ') || 'nothing'}, not ${part}`
}

function findPackageFault({ folder, packages }: NamedLayer, name: string): string | undefined {
  if (name === 'viem' && !viemFolders.has(folder)) return 'viem lives in chain'
  if (packages === undefined || packages.includes(name)) return undefined
  return `${folder} may use ${packages.join(', ') || 'no package'}`
}

/** `src/api/routes/x.ts` → `api`; `dev/bootstrap/x.mjs` → `dev/bootstrap`. */
function folderOf(path: string): string {
  const [top = '', next = ''] = path.split('/')
  if (top === 'src') return next
  return layers[`${top}/${next}`] === undefined ? top : `${top}/${next}`
}

function packageOf(name: string): string {
  const [scope = '', rest = ''] = name.split('/')
  return scope.startsWith('@') ? `${scope}/${rest}` : scope
}
