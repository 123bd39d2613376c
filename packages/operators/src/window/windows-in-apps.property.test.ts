import { createApp } from '@snapstream/core'
import { JsonCodec } from '@snapstream/codecs'
import { Conf, Topic } from '@snapstream/kafka'
import { createTestApp } from '@snapstream/kafka/testing'
import type { TestApp } from '@snapstream/kafka/testing'
import { Store } from '@snapstream/state'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { batchWindows } from '../fixtures/batch-windows.ts'
import type { Content, Event } from '../fixtures/batch-windows.ts'
import { eventLists, RUNS } from '../fixtures/event-lists.ts'
import { window } from '../index.ts'

afterEach(() => Conf.reset())

const GRACE_MS = 12
const PARTITIONS = 2
/** An app costs more than a list. */
const APP_RUNS = Math.ceil(RUNS / 20)

const merge = (a: readonly string[], b: readonly string[]) => [...a, ...b]
const SPECS = {
  tumbling: { sizeMs: 10 },
  hopping: { sizeMs: 10, everyMs: 4 },
  sliding: { slideMs: 9 },
  session: { gapMs: 7, merge },
} as const

/** An event of the process between two messages. */
const incident = fc.oneof(
  { weight: 12, arbitrary: fc.constant('none' as const) },
  {
    weight: 3,
    arbitrary: fc.constantFrom('advance', 'crash', 'crash and new folder', 'restart', 'rebalance'),
  },
)

const clicks = () => Topic('clicks')
const out = () => Topic('windows', { codec: JsonCodec<Content>() })

/** An app that tells the windows of its topic. `failsAt`: the numbers of the results whose first try fails. */
function windowsApp(kind: keyof typeof SPECS, groupId: string, failsAt: readonly number[]) {
  const app = createApp()
  let handled = 0
  const conf = { groupId }
  const windows = window(
    Topic('clicks', { conf }),
    Store<string, readonly string[]>('open'),
    { ...SPECS[kind], graceMs: GRACE_MS, idleMs: Infinity },
    (names = [], { value }) => [...names, value],
  )
  app.snap(windows, { sink: [out()], onError: { retries: 10, backoffMs: 1 } })(({ key, start, end, value }) => {
    if (failsAt.includes(handled++)) throw new Error('planned')
    return [key, { key, start, end, names: value.toSorted() }]
  })
  return app
}

/** The windows that were told, of each partition in their order. */
async function told(test: TestApp): Promise<readonly (readonly Content[])[]> {
  const partitions: Content[][] = Array.from({ length: PARTITIONS }, () => [])
  for (const { partition, value } of await test.topic(out()).readAll())
    if (value && value.key !== 'end') partitions[partition]!.push(value)
  return partitions
}

describe.each(Object.keys(SPECS) as (keyof typeof SPECS)[])('%s windows in apps', (kind) => {
  test.each([
    ['exactly once', true],
    ['at least once', false],
  ])(
    'are those of a batch after crashes, rebalances and retries, %s',
    async (_, exactlyOnce) => {
      const plan = fc.record({
        events: eventLists(GRACE_MS, 20),
        incidents: fc.array(incident, { minLength: 20, maxLength: 20 }),
        failsAt: fc.uniqueArray(fc.nat(30), { maxLength: 5 }),
      })
      await fc.assert(
        fc.asyncProperty(plan, async ({ events, incidents, failsAt }) => {
          Conf({ exactlyOnce })
          const app = windowsApp(kind, 'g', failsAt)
          await using test = createTestApp({ app, partitions: PARTITIONS, checkpointMs: 100 })
          await test.start()
          const partitions = new Map<string, number>()
          for (const [i, { key, timestamp, value }] of events.entries()) {
            // Keys of windows stay in one partition.
            const partition = partitions.get(key) ?? partitions.size % PARTITIONS
            partitions.set(key, partition)
            await test.topic(clicks()).pipe(value, { key, timestamp, partition })
            const what = incidents[i]
            if (what === 'advance') await test.advance(150)
            if (what === 'crash') await test.restart({ crash: true })
            if (what === 'crash and new folder') await test.restart({ crash: true, freshFolder: true })
            if (what === 'restart') await test.restart()
            if (what === 'rebalance') await test.rebalance(clicks(), 'g')
          }
          for (let partition = 0; partition < PARTITIONS; partition++)
            await test.topic(clicks()).pipe('end', { key: 'end', timestamp: 10_000, partition })
          await test.advance(30_000)
          const found = await told(test)
          const expected = found.map((_, partition) =>
            batchWindows(
              events.filter(({ key }) => partitions.get(key) === partition),
              { ...SPECS[kind], graceMs: GRACE_MS },
            ),
          )
          // Windows are told by key, to the partition of the key in the topic of results.
          const all = (lists: readonly (readonly Content[])[]) => lists.flat().map((content) => JSON.stringify(content))
          const lines = all(found)
          expect((exactlyOnce ? lines : [...new Set(lines)]).toSorted()).toEqual(all(expected).toSorted())
        }),
        { numRuns: APP_RUNS },
      )
    },
    3_600_000,
  )

  test('are the same, byte for byte, when the topic is read again', async () => {
    await fc.assert(
      fc.asyncProperty(eventLists(40, 30), async (events: readonly Event[]) => {
        const app = windowsApp(kind, 'g', [])
        await using test = createTestApp({ app, checkpointMs: 100 })
        for (const [i, { key, timestamp, value }] of events.entries()) {
          await test.topic(clicks()).pipe(value, { key, timestamp })
          if (i === 9) await test.start()
          if (i === 19) await test.restart()
        }
        await test.advance(1000)
        if (!test.running) await test.start()
        await test.advance(1000)
        const bytesOf = async (of: TestApp) =>
          (
            await of
              .topic('windows', {
                codec: { encode: (bytes: Uint8Array) => bytes, decode: (bytes: Uint8Array) => bytes },
              })
              .readAll()
          ).map(({ key, value, timestamp }) => [key, Buffer.from(value!).toString(), timestamp])
        const first = await bytesOf(test)
        await test.stop()
        await using again = createTestApp({ app: windowsApp(kind, 'again', []), beside: test })
        await again.start()
        await again.advance(1000)
        expect(await bytesOf(again)).toEqual(first)
      }),
      { numRuns: APP_RUNS },
    )
  }, 3_600_000)
})
