import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import type { ConsumerSettings, Driver, DriverConsumer, RecordBatch } from '../driver/driver.ts'
import { lookBack } from './look-back.ts'

/** A partition in which only some offsets are records; the offsets behind the last record may be holes, too. */
interface HoleyLog {
  readonly earliest: number
  readonly latest: number
  readonly records: readonly number[]
}

/** Reads such logs in batches of some offsets each, with or without records. */
function holeyDriver(logs: readonly HoleyLog[], step: number) {
  const counts = { open: 0, opened: 0 }
  async function consumer(settings: ConsumerSettings): Promise<DriverConsumer> {
    counts.open++
    counts.opened++
    const positions = new Map(
      (settings.only ?? []).map(({ topic, partition }) => [
        partition,
        Number(settings.startOffset?.(topic, partition)),
      ]),
    )
    return {
      async poll() {
        for (const [partition, first] of positions) {
          const log = logs[partition]
          if (log === undefined || first >= log.latest) continue
          const next = Math.min(first + step, log.latest)
          positions.set(partition, next)
          const offsets = log.records.filter((offset) => offset >= first && offset < next)
          const batch: Partial<RecordBatch> = {
            topic: 't',
            partition,
            length: offsets.length,
            nextOffset: next,
            offset: (i) => offsets[i] ?? NaN,
          }
          return batch as RecordBatch
        }
        throw new Error('it waits for what will not come')
      },
      release() {},
      rejoin() {},
      seek() {},
      async commit() {},
      commitIn: async () => false,
      committed: async () => [],
      async close() {
        counts.open--
      },
    }
  }
  const driver = { client: () => ({ consumer }) } as unknown as Driver
  return { counts, settings: { driver, client: {}, consumer: {} } as unknown as ResolvedSettings }
}

const log = fc
  .record({
    earliest: fc.nat(500),
    length: fc.nat(2000),
    picks: fc.array(fc.nat(), { maxLength: 40 }),
  })
  .map(({ earliest, length, picks }): HoleyLog => {
    const latest = earliest + length
    const records = length === 0 ? [] : [...new Set(picks.map((pick) => earliest + (pick % length)))]
    return { earliest, latest, records: records.toSorted((a, b) => a - b) }
  })

describe('looking back', () => {
  test('the last records are found in spite of holes, and the search stops at the start', async () => {
    const given = [fc.array(log, { maxLength: 3 }), fc.nat(60), fc.integer({ min: 1, max: 300 })] as const
    await fc.assert(
      fc.asyncProperty(...given, async (logs, count, step) => {
        const { settings, counts } = holeyDriver(logs, step)
        const bounds = logs.map(({ earliest, latest }, partition) => ({ topic: 't', partition, earliest, latest }))
        const found = await lookBack(settings, bounds, count, () => true)
        for (const [partition, { records }] of logs.entries()) {
          const offsets = found.get(`t/${partition}`) ?? []
          expect(offsets.slice(-count || offsets.length)).toEqual(records.slice(-count || records.length))
          // In order, and complete from the first of them on.
          expect(offsets).toEqual(records.slice(records.length - offsets.length))
        }
        expect(counts.open).toBe(0)
        // The steps grow: 2000 offsets take few of them.
        expect(counts.opened).toBeLessThanOrEqual(6)
      }),
    )
  })
})
