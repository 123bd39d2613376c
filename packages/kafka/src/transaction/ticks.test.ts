import { createApp } from '@snapstream/core'
import type { Resource, SinkOptions, SinkTarget } from '@snapstream/core'
import { expect, test, vi } from 'vitest'
import type { Driver, TopicPartitionOffset } from '../driver/driver.ts'
import { driverWith } from '../fixtures/driver-with.ts'
import { memory } from '../memory/index.ts'
import { Topic } from '../topic/topic.ts'

/** A sink that ticks the lanes of its source. */
function createClock() {
  let options: SinkOptions | undefined
  const nothing = () => {}
  const sink: SinkTarget<never> & Resource = {
    async open() {},
    async close() {},
    '~snapstream.sink'(given) {
      options = given
      const calls = { open: nothing, close: nothing, begin: nothing, undo: nothing, release: nothing, prepare: nothing }
      const state = { ...calls, commit: nothing, abort: nothing, restoring: () => [], volatile: true }
      return { write: nothing, flush: nothing, state }
    },
  }
  return {
    sink,
    tick(value: string) {
      const message: object = { value }
      return options?.tick?.(options.sources[0], 'in/0', message)
    },
    idle: () => options?.idle?.(options.sources[0], 'in/0'),
  }
}

/** Runs an app that copies `in` to `out` exactly once, ticks included, with a driver whose group has lost its member or not. */
async function run(
  values: readonly string[],
  test: (tools: {
    readonly clock: ReturnType<typeof createClock>
    /** The offsets of each transaction that has some. */
    readonly offsets: (readonly TopicPartitionOffset[])[]
    readonly aborts: unknown[]
    /** From now on the broker refuses offsets of the member, which does not know that the group goes on without it. */
    expel(): void
    outputs(): Promise<readonly (string | null)[]>
  }) => Promise<void>,
) {
  const broker = memory()
  const offsets: (readonly TopicPartitionOffset[])[] = []
  let isExpelled = false
  const driver: Driver = driverWith(broker, {
    consumer: (consumer) => ({
      async commitIn(producer, given) {
        if (given.length > 0) offsets.push(given)
        return given.length > 0 && isExpelled ? false : consumer.commitIn(producer, given)
      },
    }),
  })
  const conf = { driver }
  const admin = await broker.client({ brokers: [], clientId: 't', connectTimeoutMs: 1, requestTimeoutMs: 1 }).admin()
  await admin.createTopics(['in', 'out'].map((topic) => ({ topic, partitions: 1 })))
  const fill = createApp()
  fill.snap(values, { sink: [Topic('in', { conf })] })((value) => value)
  await fill.stream()
  const app = createApp()
  const clock = createClock()
  const aborts: unknown[] = []
  const stopping = new AbortController()
  app.on('abort', ({ lanes }) => aborts.push(lanes))
  app.snap(Topic('in', { groupId: 'g', conf }), {
    sink: [Topic('out', { exactlyOnce: true, conf })],
    use: [clock.sink],
  })(({ value }) => value)
  const running = app.stream({}, { signal: stopping.signal, checkpointMs: 5 })
  await vi.waitFor(() => expect(clock.idle()).toBe(true))
  await test({
    clock,
    offsets,
    aborts,
    expel: () => void (isExpelled = true),
    async outputs() {
      const found: (string | null)[] = []
      for await (const { value } of Topic('out', { conf: { driver: broker } }).slice()) found.push(value)
      return found
    },
  })
  stopping.abort()
  await running
}

test('a transaction with a tick alone has the position of its lane: where it starts, or the one before', async () => {
  for (const [values, position] of [
    [[], 0],
    [['a', 'b'], 2],
  ] as const)
    await run([...values], async ({ clock, offsets, outputs }) => {
      await vi.waitFor(async () => expect(await outputs()).toEqual(values))
      offsets.length = 0
      for (const name of ['tick', 'again']) {
        expect(clock.tick(name)).toBe(true)
        await vi.waitFor(async () => expect(await outputs()).toContain(name))
      }
      expect(offsets).toEqual(Array.from({ length: 2 }, () => [{ topic: 'in', partition: 0, offset: position }]))
    })
})

test.each([[[]], [['a']]])(
  'a member that the group goes on without does not commit its ticks, after the records %j',
  async (values) => {
    await run(values, async ({ clock, aborts, expel, outputs }) => {
      await vi.waitFor(async () => expect(await outputs()).toEqual(values))
      expel()
      expect(clock.tick('zombie')).toBe(true)
      await vi.waitFor(() => expect(aborts).toEqual([['in/0']]))
      expect(await outputs()).toEqual(values)
    })
  },
)
