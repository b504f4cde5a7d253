import { AppError } from '../contracts/errors.ts'
import type { HttpServiceConfig } from '../ops/variables/outside.ts'
import type { HttpRequest } from '../toolkit/tool-services.ts'

/**
 * The URL of a request: never anything but what lies below the service's own, whatever a model has made of the path.
 * @throws AppError `tool_failed`
 */
export function toServiceUrl({ name, url }: HttpServiceConfig, { path, query = {} }: HttpRequest): URL {
  const base = new URL(url)
  const below = `${base.pathname.replace(/\/$/, '')}/`
  const found = URL.canParse(`${url}${path}`) ? new URL(`${url}${path}`) : undefined
  const isBelow =
    path.startsWith('/') &&
    found?.origin === base.origin &&
    found.username === '' &&
    found.pathname.startsWith(below) &&
    // Some servers take an escaped slash or backslash for one, and more than two dots for those.
    !/%2f|%5c|\/\.\./i.test(found.pathname) &&
    !/[\\\p{Cc}]/u.test(path)
  if (found === undefined || !isBelow) {
    throw new AppError(
      'tool_failed',
      `The path of a request to ${name} must begin with / and lead below its URL.`,
    )
  }
  for (const [key, value] of Object.entries(query)) found.searchParams.append(key, String(value))
  found.hash = ''
  return found
}
