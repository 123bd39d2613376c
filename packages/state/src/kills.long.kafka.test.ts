import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Topic, type KafkaConf } from '@snapstream/kafka'
import { expect, onTestFinished, test } from 'vitest'
import { tempFolder } from './fixtures/temp-folder.ts'

const PROGRAM = fileURLToPath(new URL('fixtures/count-orders.mjs', import.meta.url))
const CUSTOMERS = Array.from({ length: 40 }, (_, i) => `customer-${i}`)

test.each([{ exactlyOnce: true }, { exactlyOnce: false }])(
  'counts go on where a killed process left them, with its folder and without: %j',
  async ({ exactlyOnce }) => {
    const id = randomUUID()
    const conf: KafkaConf = { brokers: process.env['KAFKA_BROKERS'] ?? 'localhost:29091' }
    const names = { orders: `orders-${id}`, counted: `counts-${id}`, groupId: `shop-${id}` }
    const orders = Topic(names.orders, { conf, create: { partitions: 4 } })
    const counted = Topic(names.counted, { conf, create: { partitions: 1 } })
    await Promise.all([orders.open(), counted.open()])
    onTestFinished(async () => void (await Promise.all([orders.close(), counted.close()])))
    let rounds = 0

    function start(folder = tempFolder()) {
      const settings = { ...conf, exactlyOnce, sessionTimeoutMs: 6000 }
      const config = JSON.stringify({ ...names, conf: settings, folder })
      const child = spawn(process.execPath, ['--conditions=@snapstream/source', '--import=tsx', PROGRAM, config], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      onTestFinished(() => void child.kill('SIGKILL'))
      const exited = once(child, 'exit')
      return {
        folder,
        ready: once(child.stdout, 'data'),
        async end(signal: 'SIGKILL' | 'SIGTERM') {
          child.kill(signal)
          return (await exited) as [code: number | null, signal: string | null]
        },
      }
    }
    async function written(): Promise<Map<string, number[]>> {
      const all = new Map(CUSTOMERS.map((customer) => [customer, [] as number[]]))
      for await (const { key, value } of counted.slice()) all.get(key!)!.push(Number(value))
      return all
    }
    async function send(): Promise<void> {
      rounds++
      await Promise.all(CUSTOMERS.map((key) => orders('order', { key })))
    }
    /** Waits until every customer has the count of all rounds. */
    const settled = () =>
      expect
        .poll(async () => [...(await written())].filter(([, counts]) => (counts.at(-1) ?? 0) < rounds).length, {
          timeout: 60_000,
          interval: 500,
        })
        .toBe(0)
    const round = async () => {
      await send()
      await settled()
    }

    let first = start()
    await first.ready
    await round()
    const second = start()
    await second.ready
    await round()
    // Its partitions go on in the other process, restored from the changelog.
    await send()
    await second.end('SIGKILL')
    await round()
    // It comes back with its folder, which is behind.
    let third = start(second.folder)
    await third.ready
    await round()
    await send()
    await first.end('SIGKILL')
    first = start()
    await round()
    await third.end('SIGKILL')
    third = start(second.folder)
    await round()
    expect(await first.end('SIGTERM')).toEqual([0, null])
    expect(await third.end('SIGTERM')).toEqual([0, null])

    const all = await written()
    const expected = Array.from({ length: rounds }, (_, i) => i + 1)
    // At least once, a message counts again if its process was killed after the changelog had it.
    const isRight = (counts: readonly number[]) =>
      exactlyOnce ? counts.join() === expected.join() : counts.at(-1)! >= rounds
    expect([...all].filter(([, counts]) => !isRight(counts))).toEqual([])
  },
  240_000,
)
