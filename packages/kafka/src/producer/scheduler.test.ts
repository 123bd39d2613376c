import { createVirtualHost } from '@snapstream/core/testing'
import { expect, test } from 'vitest'
import { createAccumulator } from './accumulator.ts'
import type { PartitionQueue } from './accumulator.ts'
import { createScheduler } from './scheduler.ts'

const MAX_REQUEST_BYTES = 1000

/** A scheduler with a delivery that the test controls. */
function setup({ lingerMs = 0, maxRequestBytes = MAX_REQUEST_BYTES } = {}) {
  const host = createVirtualHost()
  const accumulator = createAccumulator({ bufferBytes: 10_000, maxBatchBytes: MAX_REQUEST_BYTES, host })
  const requests: {
    readonly partitions: readonly number[]
    answer(backoffs?: ReadonlyMap<PartitionQueue, number>): Promise<void>
  }[] = []
  const scheduler = createScheduler({
    accumulator,
    lingerMs,
    maxRequestBytes,
    host,
    delivery: {
      send: (queues) =>
        new Promise((resolve) => {
          for (const queue of queues) queue.take()
          requests.push({
            partitions: queues.map(({ partition }) => partition),
            async answer(backoffs = new Map<PartitionQueue, number>()) {
              for (const queue of queues) if (!backoffs.has(queue)) queue.complete()
              resolve(backoffs)
              await host.advance(0)
            },
          })
        }),
    },
  })
  const queue = (partition: number) => accumulator.addQueue({ topic: 't', partition })
  const write = async (to: PartitionQueue, bytes = 100) => {
    const record = { key: null, value: null, headers: [], timestamp: 0 }
    if (to.append(record, bytes, { acknowledged() {}, failed() {} })) scheduler.wake(to)
    await host.advance(0)
  }
  return { host, scheduler, requests, queue, write, sent: () => requests.map(({ partitions }) => partitions) }
}

test('a partition has one batch in flight, and the next one is sent after its answer', async () => {
  const { requests, queue, write, sent } = setup()
  const one = queue(0)
  await write(one)
  await write(one)
  await write(one, MAX_REQUEST_BYTES)
  expect(sent()).toEqual([[0]])
  await requests[0]?.answer()
  expect(sent()).toEqual([[0], [0]])
  await requests[1]?.answer()
  expect(sent()).toEqual([[0], [0], [0]])
})

test('a partition that backs off is sent to after the pause, whatever is written meanwhile', async () => {
  const { host, scheduler, requests, queue, write, sent } = setup()
  const [slow, other] = [queue(0), queue(1)]
  await write(slow)
  await requests[0]?.answer(new Map([[slow, 100]]))
  await write(slow)
  await write(other)
  scheduler.wakeAll()
  await host.advance(99)
  expect(sent()).toEqual([[0], [1]])
  await host.advance(1)
  expect(sent()).toEqual([[0], [1], [0]])
})

/** The requests for batches of these sizes, each of another partition, that are written in one turn. */
async function requestsFor(sizes: readonly number[], maxRequestBytes?: number) {
  const { host, scheduler, queue, sent } = setup(maxRequestBytes === undefined ? {} : { maxRequestBytes })
  const record = { key: null, value: null, headers: [], timestamp: 0 }
  for (const [partition, bytes] of sizes.entries())
    queue(partition).append(record, bytes, { acknowledged() {}, failed() {} })
  scheduler.wakeAll()
  expect(sent()).toEqual([])
  await host.advance(0)
  return sent()
}

test('batches that are written in one turn are sent in as few requests as they fit into, in order', async () => {
  expect(await requestsFor([600, 500, 400, 1000])).toEqual([[0], [1, 2], [3]])
})

test('a large batch has a request of its own', async () => {
  expect(await requestsFor([1000, 256 * 1024, 1000, 1000], 1_048_576)).toEqual([[0], [1], [2, 3]])
})

test('stop cancels lingering and backing off, and no request follows it', async () => {
  const { host, scheduler, requests, queue, write, sent } = setup({ lingerMs: 10 })
  const [lingering, failing, inFlight] = [queue(0), queue(1), queue(2)]
  await write(failing)
  await write(inFlight)
  await host.advance(10)
  await write(lingering)
  await requests[0]?.answer(new Map([[failing, 100]]))
  expect(host.timers).toBeGreaterThan(0)
  scheduler.stop()
  expect(host.timers).toBe(0)
  await write(lingering, MAX_REQUEST_BYTES)
  await host.advance(1000)
  expect(sent()).toEqual([[1], [2]])
})
