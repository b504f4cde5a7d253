import { Client, Connection } from '@temporalio/client'

import { workflowIdOf } from '../../src/contracts/ids.ts'
import { historyEventLimit } from '../../src/contracts/limits.ts'
import { signalNames } from '../../src/contracts/temporal-names.ts'
import type { Product } from './product.ts'

/**
 * Makes the history as long as a run may have. Signals of a message that was seen already change nothing
 * else, and cost a fiftieth of the turns that it would take.
 */
export async function fillHistory(
  { temporal }: Product,
  conversationId: string,
  messageId: string,
): Promise<void> {
  const connection = await Connection.connect({ address: temporal })
  const handle = new Client({ connection }).workflow.getHandle(workflowIdOf(conversationId))
  const signals = Array.from({ length: historyEventLimit }, () =>
    handle.signal(signalNames.userMessage, { messageId }),
  )
  await Promise.all(signals)
  await connection.close()
}
