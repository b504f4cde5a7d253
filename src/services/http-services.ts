import { AppError } from '../contracts/errors.ts'
import type { HttpServiceConfig, ServiceHeader } from '../ops/variables/outside.ts'
import type { HttpAnswer, HttpPort, HttpRequest } from '../toolkit/tool-services.ts'
import { createBoundedFetch, type FetchBounds } from './bounded-fetch.ts'
import type { ExternalService } from './external-service.ts'
import type { ExternalServices } from './external-services.ts'
import { sendWithTries } from './send-with-tries.ts'
import type { ServiceCaller } from './service-caller.ts'
import { toServiceUrl } from './to-service-url.ts'

/** A configured service with the headers that each request to it carries. */
export type HttpService = HttpServiceConfig & { headers: Readonly<Record<string, string>> }

/** Bounds of one request; those of tests are their own. */
export type HttpBounds = Pick<FetchBounds, 'timeoutMs' | 'responseSizeLimitBytes'>

const usualBounds: HttpBounds = { timeoutMs: 30_000, responseSizeLimitBytes: 8 * 1024 * 1024 }

/**
 * Joins services with their headers.
 * @throws AppError `configuration` for a header of a service that is not configured
 */
export function readHttpServices(
  services: readonly HttpServiceConfig[],
  headers: readonly ServiceHeader[],
): HttpService[] {
  const names = services.map(({ name }) => name)
  const unknown = headers.map(({ service }) => service).filter((service) => !names.includes(service))
  if (unknown.length > 0) {
    throw new AppError(
      'configuration',
      `PERDURA_SERVICE_HEADERS names what PERDURA_SERVICES does not: ${unknown.join(', ')}.`,
      { details: { unknown } },
    )
  }
  return services.map((service) => ({
    ...service,
    headers: Object.fromEntries(
      headers.filter((header) => header.service === service.name).map(({ name, value }) => [name, value]),
    ),
  }))
}

/** Finds the port of a service for a caller. @throws AppError `tool_failed` with the configured names */
export type FindHttpPort = (name: string, caller: ServiceCaller) => HttpPort

/** Makes the only way to services of the operator's own: each request goes through the guard of its service. */
export function createHttpPorts(
  services: readonly HttpService[],
  externals: Pick<ExternalServices, 'get'>,
  bounds = usualBounds,
): FindHttpPort {
  const known = new Map(
    services.map((config) => [config.name, { config, service: externals.get(`http:${config.name}`) }]),
  )
  return (name, caller) => {
    const found = known.get(name)
    if (found === undefined) {
      const names = [...known.keys()].join(', ')
      throw new AppError('tool_failed', `There is no service ${name}. Configured: ${names || 'none'}.`)
    }
    return { request: (request, { signal }) => send({ ...found, caller, signal, bounds }, request) }
  }
}

type Asking = {
  config: HttpService
  service: ExternalService
  caller: ServiceCaller
  signal: AbortSignal
  bounds: HttpBounds
}

async function send(
  { config, service, caller, signal, bounds }: Asking,
  request: HttpRequest,
): Promise<HttpAnswer> {
  const { method = 'GET', body, isRepeatable = method === 'GET' } = request
  const url = toServiceUrl(config, request)
  const init = {
    method,
    headers: toHeaders(request.headers ?? {}, config.headers),
    ...(body === undefined ? {} : { body }),
  }
  assertSendable(url, init)
  const fetchBounded = createBoundedFetch({
    ...bounds,
    signal,
    errors: toFetchErrors(config.name, isRepeatable),
  })
  try {
    return await sendWithTries({
      service,
      caller,
      signal,
      isRepeatable,
      async send() {
        const response = await fetchBounded(url, init)
        const { status } = response
        if (status >= 500 || status === 408)
          throw unavailable(config.name, `fails (HTTP ${status})`, { status })
        const contentType = response.headers.get('content-type') ?? ''
        return { status, contentType, text: await response.text() }
      },
      toError: (failure) => toServiceError(failure, config.name),
    })
  } catch (failure) {
    signal.throwIfAborted()
    throw toServiceError(failure, config.name)
  }
}

/** A fault of the tool must not count as one of the service. The error's own words would quote what it holds. */
function assertSendable(url: URL, init: RequestInit): void {
  try {
    void new Request(url, init)
  } catch {
    throw new AppError(
      'tool_failed',
      'The request cannot be sent: a GET has no body, and values of headers are printable characters.',
    )
  }
}

/** What only the connection may say, and what would be another host. */
const reserved =
  /^(host|connection|content-length|transfer-encoding|upgrade|te|trailer|keep-alive|expect|proxy-.*)$/

function toHeaders(
  wanted: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const names = Object.keys(wanted)
  const wrong = names.find((name) => !/^[A-Za-z0-9-]+$/.test(name) || reserved.test(name.toLowerCase()))
  if (wrong !== undefined) throw new AppError('tool_failed', `A tool cannot send the header ${wrong}.`)
  return { ...Object.fromEntries(names.map((name) => [name.toLowerCase(), wanted[name] ?? ''])), ...own }
}

function toFetchErrors(name: string, isRepeatable: boolean): FetchBounds['errors'] {
  return {
    refused(status, retryAfterMs) {
      const error = unavailable(name, `takes no more requests for now (HTTP ${status})`, { status })
      // With 503 it may have begun what it was asked for.
      if (retryAfterMs === undefined || (status !== 429 && !isRepeatable)) return error
      return new AppError(error.code, error.message, { details: error.details, retryAfterMs })
    },
    tooLarge: (limitBytes) =>
      new AppError('tool_failed', `The service ${name} answered with more than ${limitBytes} bytes.`),
  }
}

/** What failed, without the URL, the headers and the bodies that the failure holds. */
function toServiceError(failure: unknown, name: string): AppError {
  if (failure instanceof AppError) return failure
  const cause = failure instanceof Error && failure.cause instanceof Error ? failure.cause : failure
  if (cause instanceof Error && cause.message === 'unexpected redirect') {
    return new AppError('tool_failed', `The service ${name} redirects, which is not followed.`)
  }
  const isLate = cause instanceof Error && cause.name === 'TimeoutError'
  return unavailable(name, isLate ? 'did not answer in time' : 'cannot be reached')
}

function unavailable(name: string, what: string, details: Record<string, unknown> = {}): AppError {
  return new AppError('service_unavailable', `The service ${name} ${what}.`, { details })
}
