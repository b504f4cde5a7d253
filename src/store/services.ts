import type { Database } from './database.ts'
import { openNotificationChannel } from './notification-channel.ts'
import type { ServiceReport } from '../contracts/services.ts'

/** Why a service is left alone: it wants a pause, or it does not work. */
export type HoldReason = 'limited' | 'down'

/** A limit as a pace: requests that may go at once, and the time from one to the next after that. */
export type ServicePace = { burst: number; intervalMs: number }

/** Whether a request may go; after `ms`, or not before. */
export type ServiceTurn =
  | { kind: 'go' | 'wait'; ms: number }
  | { kind: 'probe' | 'held' | 'probing'; ms: number; why: HoldReason }

/** What one worker tells the others of a service. Absent `why`: it answers again. */
export type ServiceNews = { name: string; why?: HoldReason; ms: number }

/**
 * What all workers know of the services together.
 *
 * `take` must give out no more turns than the pace allows, whoever asks, and of a held service one probe at a time.
 */
export interface SharedServices {
  take(name: string, pace: ServicePace | undefined): Promise<ServiceTurn>
  /** Leaves a service alone for at least this long. Answers for how long. */
  hold(name: string, why: HoldReason, ms: number): Promise<number>
  /** It has answered. */
  release(name: string): Promise<void>
  /** A probe has ended without telling anything. */
  endProbe(name: string): Promise<void>
}

/** A turn may be given out so long before it comes. Longer would hold turns of those that give up waiting. */
const aheadMs = 1_000
/** Of a worker that died while it asked. */
const probeMs = 45_000
/** The longest pause that nobody has asked for. */
const longestHoldMs = 30_000

const channel = 'perdura_services'

/** What is known, in PostgreSQL: one round trip for each question. */
export function createSharedServices(database: Database): SharedServices {
  const tell = (news: ServiceNews) => database.notify(channel, JSON.stringify(news))
  return {
    take: (name, pace) =>
      database.call('take_service', [name, pace?.intervalMs ?? null, pace?.burst ?? 1, aheadMs, probeMs]),
    async hold(name, why, wantedMs) {
      const { ms } = await database.call<{ ms: number }>('hold_service', [name, why, wantedMs, longestHoldMs])
      tell({ name, why, ms })
      return ms
    },
    async release(name) {
      await database.call('release_service', [name])
      tell({ name, ms: 0 })
    },
    async endProbe(name) {
      await database.call('end_probe', [name])
    },
  }
}

/** Listens for what other workers tell. What is lost is found out by asking. */
export function listenForServices(
  database: Database,
  { onNews, onError }: { onNews(news: ServiceNews): void; onError(error: unknown): void },
): Promise<() => Promise<void>> {
  return openNotificationChannel(database, channel, {
    onPayload: (payload) => onNews(JSON.parse(payload)),
    onGap() {},
    onError,
  })
}

/** Stores what a worker has counted, in the place of what it stored before. */
export async function storeServiceReports(
  database: Database,
  workerId: number,
  reports: readonly ServiceReport[],
): Promise<void> {
  await database.rows(
    'store_service_reports',
    `insert into service_reports (worker_id, services)
       select id, $2 from workers where id = $1
       on conflict (worker_id) do update set services = excluded.services, reported_at = now()`,
    [workerId, JSON.stringify(reports)],
  )
}

/** What is known of a service that is left alone. */
export type HeldService = { name: string; why: HoldReason; notBefore: string }

/** Reads what living workers have counted, and which services are left alone. */
export async function readServiceReports(
  database: Database,
): Promise<{ reports: ServiceReport[][]; held: HeldService[] }> {
  const [row] = await database.rows<{ reports: ServiceReport[][]; held: HeldService[] }>(
    'read_service_reports',
    `select coalesce((select json_agg(services order by worker_id) from service_reports), '[]') as reports,
       coalesce((select json_agg(json_build_object('name', name, 'why', held,
           'notBefore', to_char(not_before at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by name)
         from services where held is not null), '[]') as held`,
  )
  return row ?? { reports: [], held: [] }
}
