import type { Database } from '../store/database.ts'
import { storeServiceReports } from '../store/services.ts'
import type { ExternalServices } from './external-services.ts'

const periodMs = 2_000

/**
 * Stores what a worker has counted of its services every two seconds, when it has changed. Returns the function that
 * ends it.
 */
export function reportServices({
  services,
  database,
  workerId,
  onProblem,
}: {
  services: Pick<ExternalServices, 'reports'>
  database: Database
  workerId: number
  onProblem(error: unknown): void
}): () => void {
  let stored = '[]'
  let storing = false

  async function report(): Promise<void> {
    const reports = services.reports()
    const text = JSON.stringify(reports)
    if (storing || text === stored) return
    storing = true
    try {
      await storeServiceReports(database, workerId, reports)
      stored = text
    } catch (error) {
      onProblem(error)
    } finally {
      storing = false
    }
  }

  const timer = setInterval(() => void report(), periodMs)
  return () => clearInterval(timer)
}
