import type { ExternalService } from '../../src/services/external-service.ts'
import {
  createExternalServices,
  type ExternalServices,
  type ServiceName,
} from '../../src/services/external-services.ts'
import type { HoldReason, SharedServices } from '../../src/store/services.ts'

/** Services without limits whose holds nobody shares, for tests of what is asked through them. */
export function openServices(): ExternalServices {
  return createExternalServices({
    shared: createUnshared(),
    limits: [],
    failureLimit: 1_000,
    onProblem(error) {
      throw error
    },
  })
}

/** One of them. */
export function openService(name: ServiceName): ExternalService {
  return openServices().get(name)
}

function createUnshared(): SharedServices {
  const held = new Map<string, { why: HoldReason; untilMs: number }>()
  return {
    async take(name) {
      const hold = held.get(name)
      if (hold === undefined) return { kind: 'go', ms: 0 }
      const ms = hold.untilMs - performance.now()
      return ms > 0 ? { kind: 'held', ms, why: hold.why } : { kind: 'probe', ms: 0, why: hold.why }
    },
    async hold(name, why, ms) {
      held.set(name, { why, untilMs: performance.now() + ms })
      return ms
    },
    async release(name) {
      held.delete(name)
    },
    async endProbe() {},
  }
}
