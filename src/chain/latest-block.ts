import type { BlockRef } from '../toolkit/tool-services.ts'
import type { ChainReader } from './clients.ts'

/** The block that one reading is bound to: everything else is then asked at its number. */
export type ReadingBlock = { number: bigint; timestampMs: number; baseFeeWei: bigint; ref: BlockRef }

/** Reads the newest block. Never cached, so a reading after a transaction sees it. */
export async function readLatestBlock(reader: ChainReader): Promise<ReadingBlock> {
  const block = await reader.getBlock({ blockTag: 'latest' })
  return {
    number: block.number,
    timestampMs: Number(block.timestamp) * 1000,
    baseFeeWei: block.baseFeePerGas ?? 0n,
    ref: { number: String(block.number), hash: block.hash },
  }
}
