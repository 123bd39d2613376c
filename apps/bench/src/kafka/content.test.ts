import { describe, expect, test } from 'vitest'
import { contents } from './content.ts'
import { recordOf, recordsOf, tallied, transform } from './message.ts'
import type { Message, Tally } from './message.ts'

const shape = { records: 50, partitions: 1, valueBytes: 60, keys: 7 }
const all = [...recordsOf(shape)]
const parsed = (value: string) => JSON.parse(value) as Message

describe('an output', () => {
  test('has values of the given size', () => {
    expect(new Set(all.map(([, value]) => value.length))).toEqual(new Set([60]))
    expect(recordOf(3)[1]).toHaveLength(100)
  })

  test('may have any order of records and any spaces', () => {
    const content = contents.messages.create()
    for (const [key, value] of all.toReversed())
      content.add(key, JSON.stringify(transform(parsed(value)), undefined, 2))
    expect(content.checksum).toBe(contents.messages.expected(shape))
  })

  test('has each record once, with its key and the right value', () => {
    const changes: ((records: (readonly [string, string])[]) => void)[] = [
      (records) => records.pop(),
      (records) => records.push(records[0] ?? ['', '']),
      (records) => records.splice(0, 1, ['another', records[0]?.[1] ?? '']),
      (records) => records.splice(0, 1, [records[0]?.[0] ?? '', '{"id":0,"text":"other"}']),
    ]
    for (const change of changes) {
      const records = [...all]
      change(records)
      const content = contents.written.create()
      for (const [key, value] of records) content.add(key, value)
      expect(content.checksum).not.toBe(contents.written.expected(shape))
    }
  })

  test('of running counts depends on the order within a key', () => {
    const checksumOf = (records: readonly (readonly [string, string])[]) => {
      const content = contents.tallies.create()
      const tallies = new Map<string, Tally>()
      for (const [key, value] of records) {
        const tally = tallied(tallies.get(key), parsed(value))
        tallies.set(key, tally)
        content.add(key, JSON.stringify(tally))
      }
      return content.checksum
    }
    expect(checksumOf(all)).toBe(contents.tallies.expected(shape))
    expect(checksumOf(all.toReversed())).not.toBe(contents.tallies.expected(shape))
  })
})
