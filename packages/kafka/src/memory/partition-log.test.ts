import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { record } from '../conformance/harness.ts'
import { logBatch } from './log-batch.ts'
import { partitionLog } from './partition-log.ts'
import type { Transaction } from './transaction.ts'

test('a log returns appended records except those that retention has deleted', () => {
  const lengths = fc.array(fc.array(fc.nat(600), { maxLength: 80 }), { maxLength: 60 })
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 400 }), fc.nat(500), (batches, records, maxBytes) => {
      const log = partitionLog({ records }, () => 0)
      const all: number[][] = []
      for (const batch of batches) {
        const values = batch.map((length, i) => Array.from({ length }, () => (all.length + i) % 256))
        log.append(values.map((value) => record(null, { value: Uint8Array.from(value) })))
        all.push(...values)
        expect(log.latest()).toBe(all.length)
        expect(log.earliest()).toBe(Math.max(0, all.length - records))
      }
      let offset = log.earliest()
      while (offset < log.latest()) {
        const read = log.read(offset, 7, maxBytes * 10)
        expect(read.length).toBeGreaterThan(0)
        for (const { value } of read) expect([...(value ?? [])]).toEqual(all[offset++])
      }
      expect(offset).toBe(all.length)
    }),
    { numRuns: 60 },
  )
})

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('append'),
      by: fc.integer({ min: -1, max: 2 }),
      count: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('commit', 'abort'), by: fc.nat(2), count: fc.constant(0) }),
  },
)

test('a reader with read_committed gets all records of committed transactions, in order, and no others', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 7 }), (steps, maxRecords) => {
      const log = partitionLog({}, () => 0)
      const open: (Transaction | undefined)[] = []
      /** The transaction of each offset; a marker has the value undefined. */
      const written: { value: string | undefined; transaction: Transaction | undefined }[] = []
      const reader = { position: 0, values: [] as string[] }
      const readOn = () => {
        const end = log.latest('read_committed')
        while (reader.position < end) {
          const batch = logBatch(
            { topic: 't', partition: 0 },
            log.read(reader.position, maxRecords, 10_000, 'read_committed'),
            { endOffset: end, isolationLevel: 'read_committed' },
          )
          for (let i = 0; i < batch.length; i++) {
            reader.values.push(Buffer.from(batch.value(i) ?? []).toString())
            expect(written[batch.offset(i)]?.value).toBe(reader.values.at(-1))
          }
          expect(batch.nextOffset).toBeGreaterThan(reader.position)
          reader.position = batch.nextOffset
        }
      }
      for (const { kind, by, count } of steps) {
        if (kind === 'append') {
          const transaction = by < 0 ? undefined : (open[by] ??= { outcome: 'open' })
          const values = Array.from({ length: count }, (_, i) => `${written.length + i}`)
          log.append(
            values.map((value) => record(value)),
            transaction,
          )
          written.push(...values.map((value) => ({ value, transaction })))
        } else {
          const transaction = open[by]
          if (transaction === undefined) continue
          open[by] = undefined
          transaction.outcome = kind === 'commit' ? 'committed' : 'aborted'
          const hasRecords = log.latest()
          log.end(transaction)
          if (log.latest() > hasRecords) written.push({ value: undefined, transaction })
        }
        const firstOpen = written.findIndex(
          ({ value, transaction }) => value !== undefined && transaction?.outcome === 'open',
        )
        expect(log.latest('read_committed')).toBe(firstOpen < 0 ? written.length : firstOpen)
        expect(log.latest()).toBe(written.length)
        if (count % 2 === 0) readOn()
      }
      for (const transaction of open) {
        if (transaction === undefined) continue
        transaction.outcome = 'aborted'
        log.end(transaction)
      }
      readOn()
      expect(reader.values).toEqual(
        written.flatMap(({ value, transaction }) =>
          value === undefined || transaction?.outcome === 'aborted' ? [] : [value],
        ),
      )
    }),
    { numRuns: 300 },
  )
})
