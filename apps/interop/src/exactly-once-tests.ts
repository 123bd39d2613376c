import { setTimeout as sleep } from 'node:timers/promises'
import { createApp } from '@snapstream/core'
import { Topic, transaction } from '@snapstream/kafka'
import { describe, expect, test } from 'vitest'
import { abortingDriver } from './aborting-driver.ts'
import { beside } from './beside.ts'
import { drivers } from './drivers.ts'
import { keyedLines, textsByKey } from './keyed-lines.ts'
import type { OtherClient } from './other-client.ts'

const COUNT = 600
const named = drivers.map((driver) => [driver.name, driver] as const)

/** The tests of a client of another language that reads the records of our transactions. */
export function exactlyOnceTests(name: string, start: (brokers: string) => Promise<OtherClient>): void {
  describe(`transactions read by ${name}`, () => {
    const { brokers, topics, client } = beside(start)
    const read = async (topic: string, isolationLevel: 'read_committed' | 'read_uncommitted') =>
      client().consume(topic, { 'isolation.level': isolationLevel })

    test.each(named)(
      'a stream writes each result once and in order, though transactions abort, %s',
      async (_, inner) => {
        const input = await topics.create()
        const output = await topics.create()
        const records = keyedLines(0, COUNT)
        await client().produce(input, records)

        const { driver, aborted } = abortingDriver(inner)
        const conf = { brokers, driver, transactionMs: 20 }
        const app = createApp()
        const source = Topic(input, { groupId: output, until: 'end', conf })
        app.snap(source, { sink: [Topic(output, { exactlyOnce: true, conf })] })(async ({ key, value }) => {
          await sleep(2)
          return [key, value]
        })
        await app.stream()
        expect(aborted()).toBeGreaterThan(0)

        // The broker writes the marker of the last transaction after it has confirmed the commit.
        await expect.poll(async () => (await read(output, 'read_committed')).length, { timeout: 20_000 }).toBe(COUNT)
        expect(textsByKey(await read(output, 'read_committed'))).toEqual(textsByKey(records))
        expect((await read(output, 'read_uncommitted')).length).toBeGreaterThan(COUNT)
      },
    )

    test.each(named)('records of `transaction` are seen together, or not at all, %s', async (_, driver) => {
      const conf = { brokers, driver }
      const orders = Topic(await topics.create(), { conf })
      const audit = Topic(await topics.create(), { conf })
      const failed: number[] = []
      for (let i = 0; i < 6; i++)
        await transaction(async (write) => {
          await write(orders, `${i}`, { key: `${i % 2}` })
          await write(audit, `${i}`, { key: 'all' })
          if (i % 3 === 2) throw new Error('no')
        }).catch(() => failed.push(i))
      expect(failed).toEqual([2, 5])
      await expect.poll(async () => (await read(audit.name, 'read_committed')).length, { timeout: 20_000 }).toBe(4)
      await expect.poll(async () => (await read(orders.name, 'read_committed')).length, { timeout: 20_000 }).toBe(4)
      expect(textsByKey(await read(audit.name, 'read_committed'))).toEqual({ all: ['0', '1', '3', '4'] })
      expect(textsByKey(await read(orders.name, 'read_committed'))).toEqual({ 0: ['0', '4'], 1: ['1', '3'] })
      expect(textsByKey(await read(audit.name, 'read_uncommitted'))).toEqual({ all: ['0', '1', '2', '3', '4', '5'] })
    })
  })
}
