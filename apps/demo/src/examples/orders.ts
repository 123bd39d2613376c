import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Cache } from '@snapstream/cache'
import { AvroCodec, JsonCodec } from '@snapstream/codecs'
import { BytesCodec, snap, stream } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { Example } from './example.ts'

interface Order {
  readonly customer: string
  readonly amount: number
}

const CUSTOMERS = ['ada', 'brian', 'cora', 'dirk']
const COUNT = 200

export const orders: Example = {
  name: 'orders',
  about: 'Avro in, a running total per customer in a cache, totals out as JSON, bad records to a dead letter topic',
  async run({ folder, progress }) {
    const codec = AvroCodec<Order>(fileURLToPath(new URL('order.avsc', import.meta.url)))
    const create = { partitions: 3 }

    // The orders are in Avro. Two records fail: one is no Avro, and one is no order.
    const incoming = Topic('orders', { codec, create })
    const raw = Topic('orders', { codec: BytesCodec() })
    snap(makeOrders(), { sink: [incoming] })((order) => [order.customer, order])
    snap([Uint8Array.of(0xff, 0xff)], { sink: [raw] })((bytes) => ['cora', bytes])
    await stream()

    // Each order adds to its customer's total; the total goes to the cache and, as JSON, to a topic.
    const toSum = Topic('orders', { codec, groupId: 'totals', until: 'end' })
    const totals = Cache<string, number>(join(folder, 'totals'))
    const totalsOut = Topic('totals', { codec: JsonCodec<number>(), create })
    const dead = Topic('orders-dead', { create: { partitions: 1 } })
    let handled = 0
    snap(toSum, { sink: [totals, totalsOut], use: [totals], onError: { deadLetter: dead } })(function sum({ value }) {
      if (value.amount < 0) throw new RangeError(`an order of ${value.amount}`)
      progress(`orders: ${++handled} of ${COUNT}`)
      return [value.customer, (totals.getSync(value.customer) ?? 0) + value.amount]
    })
    await stream()

    // The results: the latest total of each customer, and the dead letters.
    const latest = new Map<string | null, number>()
    const totalsIn = Topic('totals', { codec: JsonCodec<number>(), groupId: 'report', until: 'end' })
    snap(totalsIn)(({ key, value }) => void latest.set(key, value))
    let letters = 0
    const deadIn = Topic('orders-dead', { codec: BytesCodec(), groupId: 'report', until: 'end' })
    snap(deadIn)(() => void letters++)
    await stream()
    const sum = [...latest.values()].reduce((all, total) => all + total, 0)
    return `orders: ${handled} handled, ${letters} dead letters, ${latest.size} customers, ${sum} in total`
  },
}

function* makeOrders(): Generator<Order, void> {
  for (let i = 0; i < COUNT; i++) yield { customer: CUSTOMERS[i % CUSTOMERS.length] ?? '', amount: i + 1 }
  yield { customer: 'ada', amount: -1 }
}
