import { execFile } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DRIVERS } from '../worker-plan.ts'
import type { BombPlan, BombReport } from './bomb-reader.ts'
import { CODECS, textBatch, writeRaw, zerosBatch } from './bomb.ts'
import type { Codec } from './bomb.ts'
import { brokers, fresh, withOtherTools } from './odd-day.ts'

const GB = 1_000_000_000
/** Snappy expands 21 times at most, so a broker would refuse a larger batch. */
const SIZES: Readonly<Record<Codec, { count: number; zeros: number }>> = {
  gzip: { count: 6, zeros: GB },
  snappy: { count: 1, zeros: GB / 2 },
  lz4: { count: 6, zeros: GB },
  zstd: { count: 6, zeros: GB },
}
const MAX_PEAK_BYTES = 400_000_000
const program = fileURLToPath(new URL('bomb-reader.ts', import.meta.url))
const topic = fresh('bombs')

async function read(plan: BombPlan): Promise<BombReport> {
  const args = ['--import', 'tsx', '--conditions=@snapstream/source', program, JSON.stringify(plan)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 })
  return JSON.parse(stdout) as BombReport
}

describe.skipIf(brokers === '')('batches that decompress to gigabytes, one in each partition', () => {
  beforeAll(async () => {
    const config = [{ name: 'max.message.bytes', value: '100000000' }]
    await withOtherTools((admin) =>
      admin.createTopics({ topics: [{ topic, numPartitions: CODECS.length, configEntries: config }] }),
    )
    for (const [partition, codec] of CODECS.entries())
      for (const batch of [textBatch('before'), zerosBatch(codec, SIZES[codec]), textBatch('after')])
        await writeRaw(brokers, topic, partition, batch)
  }, 180_000)

  afterAll(() => withOtherTools((admin) => admin.deleteTopics({ topics: [topic] })))

  test.each(DRIVERS)(
    'are skipped with an error that names them, in bounded memory, with %s',
    { timeout: 90_000 },
    async (driver) => {
      const { values, skipped, peakBytes } = await read({ brokers, driver, topic })
      for (const [partition, codec] of CODECS.entries()) {
        expect(values[partition]).toEqual(['before', 'after'])
        expect(skipped).toContainEqual({
          code: 'DECODE_FAILED',
          partition,
          offset: 1,
          nextOffset: 1 + SIZES[codec].count,
          message: expect.stringContaining(`compressed with ${codec} and would take more than maxDecompressedBytes`),
        })
      }
      expect(skipped).toHaveLength(CODECS.length)
      expect(peakBytes).toBeLessThan(MAX_PEAK_BYTES)
    },
  )
})
