import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { record } from '../conformance/harness.ts'
import { partitionLog } from './partition-log.ts'

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
