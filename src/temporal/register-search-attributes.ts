import type { Connection } from '@temporalio/client'

import { searchAttributes } from '../contracts/temporal-names.ts'
import type { Logger } from '../ops/logger.ts'

// temporal.api.enums.v1.IndexedValueType
const indexedValueTypes = { KEYWORD: 2, BOOL: 5, DATETIME: 6 } as const

/**
 * Registers the search attributes of conversations where they are missing. A server that does not allow it
 * (Temporal Cloud) needs them created by its own tools; starting a conversation fails until then.
 */
export async function registerSearchAttributes(
  connection: Connection,
  namespace: string,
  logger: Logger,
): Promise<void> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace })
    const missing = Object.entries(searchAttributes).filter(([name]) => !(name in customAttributes))
    if (missing.length === 0) return
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, indexedValueTypes[type]])),
    })
    logger.info({ names: missing.map(([name]) => name) }, 'registered search attributes')
  } catch (err) {
    logger.warn({ err }, 'search attributes could not be registered; create them as docs/deployment.md says')
  }
}
