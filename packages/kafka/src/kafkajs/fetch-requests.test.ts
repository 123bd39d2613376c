import { expect, test } from 'vitest'
import { readFetchAnswer } from './fetch-requests.ts'

const int16 = (value: number) => [(value >> 8) & 0xff, value & 0xff]
const int32 = (value: number) => [...int16(value >> 16), ...int16(value & 0xffff)]
const int64 = (value: number) => [...int32(Math.floor(value / 2 ** 32)), ...int32(value | 0)]
const text = (value: string) => [...int16(value.length), ...Buffer.from(value)]

/** An answer in version 11 with one topic and one partition. */
function answer(
  change: { topics?: number; name?: number[]; partitions?: number; aborted?: number[]; size?: number } = {},
) {
  const records = [1, 2, 3]
  return Buffer.from([
    ...int32(0),
    ...int16(0),
    ...int32(0),
    ...int32(change.topics ?? 1),
    ...(change.name ?? text('orders')),
    ...int32(change.partitions ?? 1),
    ...int32(7),
    ...int16(0),
    ...int64(100),
    ...int64(90),
    ...int64(0),
    ...(change.aborted ?? [...int32(1), ...int64(5), ...int64(50)]),
    ...int32(-1),
    ...int32(change.size ?? records.length),
    ...records,
  ])
}

test('an answer to Fetch is read', () => {
  expect(readFetchAnswer({ apiVersion: 11, bytes: answer() })).toEqual({
    errorCode: 0,
    partitions: [
      {
        topic: 'orders',
        partition: 7,
        errorCode: 0,
        aborted: [{ producerId: 5, firstOffset: 50 }],
        endOffset: 100,
        lastStableOffset: 90,
        preferredReplica: -1,
        records: Buffer.from([1, 2, 3]),
      },
    ],
  })
})

test('an answer that is cut off, or states wrong counts and lengths, is rejected with KAFKA_FAILED', () => {
  const whole = answer()
  const wrong = [
    ...Array.from({ length: whole.length }, (_, cut) => whole.subarray(0, cut)),
    answer({ topics: 2 ** 31 - 1 }),
    // Lengths that point back to their own position.
    answer({ topics: 2 ** 31 - 1, name: int16(-2) }),
    answer({ name: int16(-8) }),
    answer({ name: int16(32_767) }),
    answer({ partitions: 2 ** 31 - 1 }),
    answer({ aborted: int32(2 ** 31 - 1) }),
    answer({ size: 4 }),
    answer({ size: 2 ** 31 - 1 }),
  ]
  for (const bytes of wrong)
    expect(() => readFetchAnswer({ apiVersion: 11, bytes })).toThrow(expect.objectContaining({ code: 'KAFKA_FAILED' }))
})
