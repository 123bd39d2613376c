import { randomUUID } from 'node:crypto'
import { createApp } from '@snapstream/core'
import { Admin, Topic } from '@snapstream/kafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { drivers } from './drivers.ts'
import { javaClient } from './java-client.ts'
import type { OtherClient } from './other-client.ts'
import { toBase64 } from './record-line.ts'

// The drivers side by side, as the tests wait for most of their time; each has a client of its own in Java.
describe.concurrent.each(drivers.map((driver) => [driver.name, driver] as const))(
  'compared with the Java client, %s',
  (_, driver) => {
    const brokers = process.env['KAFKA_BROKERS'] ?? ''
    const conf = { brokers, driver }
    const admin = Admin(conf)
    const made: string[] = []
    let java: OtherClient

    beforeAll(async () => {
      java = await javaClient(brokers)
    })
    afterAll(async () => {
      await java?.close()
      for (const name of made) await admin.deleteTopic(name)
      await admin.close()
    })

    async function topic(config: Readonly<Record<string, string>> = {}): Promise<string> {
      const name = `snapstream-interop-${randomUUID()}`
      await admin.createTopic(name, { partitions: 1, config })
      made.push(name)
      return name
    }

    test('commits the same positions after tombstones, transaction markers and aborted records', async ({ expect }) => {
      const name = await topic()
      const source = Topic(name, { groupId: `${name}-ours`, until: 'end', conf })
      const ours = async () => {
        const app = createApp()
        app.snap(source)(() => {})
        await app.stream()
        return (await source.committed()).map(({ offset }) => offset)
      }
      const settings = {
        'group.id': `${name}-java`,
        'isolation.level': 'read_committed',
        'auto.offset.reset': 'earliest',
      }
      const theirs = () => java.ask<number[]>('readAndCommit', { topic: name, settings })
      const key = toBase64(Buffer.from('k'))
      const seen: number[] = []
      for (const [commit, value] of [
        [true, 'v'],
        [true, null],
        [false, 'v'],
        [false, null],
      ] as const) {
        const content = { key, value: value && toBase64(Buffer.from(value)), commit, count: 3 }
        await java.ask('transact', { topic: name, ...content, settings: { 'transactional.id': name } })
        // The marker is written asynchronously, so reads again until it is there.
        await expect.poll(async () => (await ours())[0], { timeout: 20_000 }).toBe((seen.at(-1) ?? 0) + 4)
        seen.push((await theirs())[0] ?? NaN)
      }
      expect(seen).toEqual([4, 8, 12, 16])
    })

    test('writes the other records of a batch with a refused record, which Java fails as a whole', async () => {
      const name = await topic({ 'cleanup.policy': 'compact' })
      const keys = ['a', null, 'b', 'c', null, 'd']
      const records = keys.map((key, i) => ({
        partition: 0,
        key: key === null ? null : toBase64(Buffer.from(key)),
        value: toBase64(Buffer.from(`java ${i}`)),
        timestamp: Date.now(),
      }))
      const settings = { 'linger.ms': 500, 'enable.idempotence': true }
      const theirs = await java.ask<(string | null)[]>('outcomes', { topic: name, records, settings })
      // The Java client fails the whole batch.
      expect(theirs.map((outcome) => outcome !== null)).toEqual(keys.map(() => true))
      expect(theirs[1]).toMatch('Compacted topic cannot accept message without key')
      expect(theirs[0]).toMatch('part of a batch which had one more more invalid records')

      await using target = Topic(name, { conf: { ...conf, idempotence: true } })
      await target.open()
      const calls = await Promise.allSettled(keys.map((key, i) => target(`ours ${i}`, { key })))
      expect(calls.map(({ status }) => status === 'rejected')).toEqual(keys.map((key) => key === null))
      expect(calls[1]).toMatchObject({
        reason: { code: 'SINK_REFUSED', message: expect.stringContaining('without key') as string },
      })
      const values: string[] = []
      for await (const { value } of target.slice()) values.push(value)
      expect(values).toEqual(['ours 0', 'ours 2', 'ours 3', 'ours 5'])
    })
  },
)
