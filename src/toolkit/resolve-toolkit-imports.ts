import { registerHooks } from 'node:module'
import { extname } from 'node:path'

/**
 * Makes `perdura/toolkit` and `zod` importable from any folder until it is disposed of: an operator's tools
 * stand outside the package and need no installation of their own. A copy of zod beside them is preferred.
 */
export function resolveToolkitImports(): Disposable {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'perdura/toolkit') return { url: toolkitUrl, shortCircuit: true }
      if (specifier !== 'zod') return next(specifier, context)
      try {
        return next(specifier, context)
      } catch {
        return { url: zodUrl, shortCircuit: true }
      }
    },
  })
  return { [Symbol.dispose]: () => hooks.deregister() }
}

// The toolkit has the extension of this file: the sources run as TypeScript, the package as JavaScript.
const toolkitUrl = new URL(`./index${extname(import.meta.filename)}`, import.meta.url).href
const zodUrl = import.meta.resolve('zod')
