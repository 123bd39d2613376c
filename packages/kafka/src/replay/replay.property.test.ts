import { BytesCodec } from '@snapstream/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Driver } from '../driver/driver.ts'
import { memory } from '../memory/index.ts'
import { deadLetterRecord, readDeadLetterHeaders } from '../record/dead-letter-record.ts'
import type { RawTopicRecord } from '../record/topic-record.ts'
import { Topic } from '../topic/topic.ts'
import { replay } from './replay.ts'

const TOPICS = ['orders', 'invoices']

const letter = fc.record({
  topic: fc.constantFrom(...TOPICS),
  key: fc.option(fc.uint8Array({ minLength: 1, maxLength: 2 })),
  value: fc.option(fc.uint8Array({ maxLength: 3 })),
  headers: fc.array(fc.tuple(fc.constantFrom('a', 'snapstream.topic', 'é'), fc.uint8Array({ maxLength: 2 })), {
    maxLength: 2,
  }),
  timestamp: fc.integer({ min: 0, max: 9 }),
  partition: fc.integer({ min: 0, max: 2 }),
})

const call = fc.record({
  /** `where` selects every n-th record. */
  every: fc.integer({ min: 1, max: 4 }),
  limit: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
  /** The number of the call of `where` that fails; undefined if none fails. */
  failsAt: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
  waits: fc.boolean(),
  dryRun: fc.boolean(),
})

const codecs = { codec: BytesCodec(), keyCodec: BytesCodec(), tombstones: true } as const
const shown = ({ topic, key, value, headers, timestamp }: Omit<RawTopicRecord, 'partition' | 'offset'>) =>
  JSON.stringify([topic, key && [...key], value && [...value], headers.map(([n, c]) => [n, c && [...c]]), timestamp])

const sorted = (texts: readonly string[]) => texts.toSorted((a, b) => (a < b ? -1 : 1))

/** Writes failed records, each to the same partition of the dead letter topic. */
async function bury(driver: Driver, letters: readonly (Omit<RawTopicRecord, 'offset'> & { partition: number })[]) {
  const producer = await driver.client({} as never).producer({ acks: -1, compression: 'none', idempotence: false })
  for (const [offset, { partition, ...rest }] of letters.entries()) {
    const raw = { ...rest, partition, offset }
    const made = deadLetterRecord({ message: raw, raw, error: new Error('no'), attempts: 1, binding: 'b' }, 'dead')
    if (made.bytes) await producer.send([{ topic: 'dead', partition, records: [made.record] }])
  }
  await producer.close()
}

test('every dead letter is sent once and unchanged, with exact counts, for any selection, limit and failure', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(letter, { maxLength: 25 }), fc.array(call, { maxLength: 5 }), async (letters, calls) => {
      const driver = memory()
      const conf = { driver }
      for (const name of ['dead', ...TOPICS]) {
        const topic = Topic(name, { create: { partitions: 3 }, conf })
        await topic.open()
        await topic.close()
      }
      await bury(driver, letters)
      const dead = Topic('dead', { conf })
      const sent = async () => {
        const records: string[] = []
        for await (const record of Topic(TOPICS, { ...codecs, conf }).slice()) records.push(shown(record as never))
        return records
      }
      let waiting = letters.length
      for (const { every, limit, failsAt, waits, dryRun } of calls) {
        let asked = 0
        const where = ({ origin }: { readonly origin: { readonly offset: number } | undefined }) => {
          if (++asked === failsAt) throw new Error('where fails')
          const selected = (origin?.offset ?? 0) % every === 0
          return waits ? Promise.resolve(selected) : selected
        }
        const before = (await sent()).length
        const ended = await replay(dead, { where, dryRun, ...(limit && { limit }) }).catch((error: Error) => error)
        const moved = (await sent()).length - before
        expect(dryRun ? moved : 0).toBe(0)
        waiting -= moved
        const failed = ended instanceof Error
        expect(failed ? ended.message : 'where fails').toContain('where fails')
        const told = failed ? { read: moved, sent: moved, skipped: 0, left: waiting } : ended
        expect(told).toEqual({ ...told, read: told.sent + told.skipped, left: waiting })
        expect(dryRun ? told.sent : moved).toBe(told.sent)
        expect(told.sent).toBeLessThanOrEqual(limit ?? Infinity)
      }
      expect(await replay(dead)).toEqual({ read: waiting, sent: waiting, skipped: 0, left: 0 })
      expect(sorted(await sent())).toEqual(sorted(letters.map(shown)))
      // Kept records stay in their partition, and so in order.
      for await (const { headers, partition } of Topic('dead', { ...codecs, conf }).slice())
        expect(partition).toBe(letters[readDeadLetterHeaders(headers).origin?.offset ?? -1]?.partition)
    }),
    { numRuns: 60 },
  )
})
