import { AppError, type ErrorCode } from '../contracts/errors.ts'
import type { ServiceReport } from '../contracts/services.ts'
import type { ServiceLimit } from '../ops/variables/outside.ts'
import type { ServiceNews, SharedServices } from '../store/services.ts'
import { ExternalService } from './external-service.ts'

export type ExternalServicesOptions = {
  shared: SharedServices
  limits: readonly ServiceLimit[]
  failureLimit: number
  onProblem(error: unknown): void
}

/** The services that a process talks to; each is made once, when it is first asked for. */
export interface ExternalServices {
  get(name: ServiceName): ExternalService
  list(): readonly ExternalService[]
  reports(): ServiceReport[]
  /** What another worker has found out. */
  take(news: ServiceNews): void
}

export type ServiceName = `model:${string}` | `chain:${number}` | `http:${string}`

/** Model providers have slots of their own. */
const usualSlots = 24

/** Makes the services of a process over what all processes know of them. */
export function createExternalServices(options: ExternalServicesOptions): ExternalServices {
  const { limits, ...shared } = options
  const services = new Map<string, ExternalService>()

  function create(name: ServiceName): ExternalService {
    const own = limits.find((limit) => limit.name === name)
    const slots = own?.slots ?? (name.startsWith('model:') ? undefined : usualSlots)
    return new ExternalService({
      ...shared,
      name,
      downCode: downCodeOf(name),
      ...(own?.limit === undefined ? {} : { limit: own.limit }),
      ...(slots === undefined ? {} : { slots }),
    })
  }

  return {
    get(name) {
      const service = services.get(name) ?? create(name)
      services.set(name, service)
      return service
    },
    list: () => [...services.values()],
    reports: () => [...services.values()].map((service) => service.report()),
    take({ name, why, ms }) {
      const hold = services.get(name)?.hold
      if (why === undefined) hold?.clear()
      else hold?.set(why, ms)
    },
  }
}

function downCodeOf(name: ServiceName): ErrorCode {
  if (name.startsWith('http:')) return 'service_unavailable'
  return name.startsWith('chain:') ? 'chain_unavailable' : 'model_unavailable'
}

/** @throws AppError `configuration` when a limit is for a service that this deployment does not have. */
export function assertLimitsOfServices(limits: readonly ServiceLimit[], names: readonly string[]): void {
  const unknown = limits.map(({ name }) => name).filter((name) => !names.includes(name))
  if (unknown.length === 0) return
  throw new AppError(
    'configuration',
    `PERDURA_SERVICE_LIMITS names what is not configured: ${unknown.join(', ')}. Services: ${names.join(', ') || 'none'}.`,
    { details: { unknown } },
  )
}
