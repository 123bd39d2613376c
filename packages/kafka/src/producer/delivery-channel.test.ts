import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, test } from 'vitest'
import type { ProduceRecord } from '../driver/driver.ts'
import { createAccumulator, wireBytes } from './accumulator.ts'
import type { DeliveryListener } from './accumulator.ts'
import type { DeliveryMessage } from './delivery-channel.ts'

const UNHEARD: DeliveryListener = { acknowledged() {}, failed() {} }
const record: ProduceRecord = { key: null, value: 'order', headers: [], timestamp: 1 }

/** A queue with so many records, and what the channel is told. */
function queueOf(count: number) {
  let now = 100
  const queue = createAccumulator({ bufferBytes: 1e6, maxBatchBytes: 1e6, host: { monotonic: () => now } }).addQueue({
    topic: 'orders',
    partition: 3,
  })
  for (let i = 0; i < count; i++) queue.append(record, wireBytes(record), UNHEARD)
  now = 125
  const told: DeliveryMessage[] = []
  const listener = (message: unknown) => void told.push(message as DeliveryMessage)
  subscribe('snapstream:kafka:delivery', listener)
  return { queue, told, [Symbol.dispose]: () => void unsubscribe('snapstream:kafka:delivery', listener) }
}

const bytes = wireBytes(record)
const about = { topic: 'orders', partition: 3, durationMs: 25 }

test('the channel is told of a batch that was acknowledged, and of one that failed', () => {
  const error = new Error('gone')
  using one = queueOf(3)
  one.queue.complete()
  expect(one.told).toEqual([{ ...about, records: 3, bytes: 3 * bytes, error: undefined }])
  using other = queueOf(1)
  other.queue.complete(error)
  expect(other.told).toEqual([{ ...about, records: 1, bytes, error }])
})

test('records that the broker refuses are told apart from the others', () => {
  const error = new Error('refused')
  using one = queueOf(3)
  one.queue.refuse((_, i) => (i === 1 ? error : undefined))
  one.queue.complete()
  expect(one.told).toEqual([
    { ...about, records: 1, bytes, error },
    { ...about, records: 2, bytes: 2 * bytes, error: undefined },
  ])
  using all = queueOf(1)
  all.queue.refuse(() => error)
  expect(all.told).toEqual([{ ...about, records: 1, bytes, error }])
})
