// A consumer's file, compiled against the packed tarballs: what the public types accept, and what they refuse.
import { Cache, DELETE } from '@snapstream/cache'
import { LmdbLevel } from '@snapstream/cache-lmdb'
import { JsonCodec } from '@snapstream/codecs'
import {
  app as defaultApp,
  batch,
  createApp,
  interval,
  route,
  snap,
  stream,
  type Failure,
  type Through,
} from '@snapstream/core'
import { Conf, Topic } from '@snapstream/kafka'
import { kafkats } from '@snapstream/kafkats'
import { createTestApp } from '@snapstream/kafka/testing'
import { aggregate, dedupe, filter, join, map, merge, process, window } from '@snapstream/operators'
import { Store } from '@snapstream/state'

declare module '@snapstream/core' {
  interface Context {
    env: string
  }
  interface Events {
    'order-paid': { readonly id: string }
  }
}

defaultApp.on('order-paid', ({ id }) => console.log(id.length))
const alive: boolean = defaultApp.health().live
console.log(alive)
// @ts-expect-error no such event
defaultApp.on('order-lost', () => {})

snap([0, 1, 2, 3, 4], { sink: [console.log] })(function* hello(n) {
  const digits: string = n.toFixed()
  yield `Hello ${digits}`
})

Conf({ driver: kafkats({ checkCrcs: false }) })

// The second example of the README, whole.
const messages = ['🏆', '📞', '🐟', '👌', '🎉']
const topic = Topic('demo', { groupId: 'demo', create: { partitions: 1 } })
const cache = Cache<number, string>('db/demo')

snap(messages, { sink: [topic] })((message) => message)
snap(topic, { sink: [cache] })(({ value }) => [value.codePointAt(0)!, value])
let seen = 0
snap(cache, { sink: [console.log] })(([, emoji], { stop }) => {
  if (++seen === messages.length) stop()
  return `Look at this emoji: ${emoji}`
})

interface Order {
  id: string
  amount: number
}
const orders = Topic('orders', { groupId: 'demo', codec: JsonCodec<Order>() })
snap(topic, orders, { sink: [orders] })((record) => {
  if (typeof record.value === 'string') return // a union of both sources; nothing is emitted
  return [record.value.id, { id: record.value.id, amount: record.value.amount + 1 }, { headers: { via: 'demo' } }]
})
const tags = Topic('tags', { codec: JsonCodec<string[]>() })
snap(orders, { sink: [tags] })(async function* ({ value }) {
  yield [value.id, ['a', 'b', 'c']]
  yield undefined
})
const dead = Topic('dead')
snap(orders, {
  sink: [orders],
  use: [cache],
  concurrency: 16,
  key: (record) => record.value.id,
  onError: { retries: 3, deadLetter: dead },
})(async ({ value }) => value)
snap(orders, { onError: { deadLetter: (failure: Failure) => console.error(failure.error) } })(
  ({ value }, { env, signal }) => void [value.amount, env.length, signal.aborted],
)
snap(orders, { sink: [(order) => console.log(order)] })(({ value }) => value) // a bare arrow as sink
const onLmdb: Cache<string, number> = Cache(new LmdbLevel('db/lmdb', { readOnly: false }))
snap(topic, { sink: [onLmdb] })(({ value }) => [value, value.length])
snap(orders, { sink: [Cache<string, number>('db/amounts')] })(({ value }) => [
  value.id,
  value.amount > 0 ? value.amount : DELETE,
])
snap(orders, { sink: [orders] })(({ value }) => [value.id, null]) // a tombstone
const raw = Topic('raw', { codec: JsonCodec() })
snap(orders, { sink: [raw] })(({ value }) => [value.id, value])

const inserts = batch(async (rows: readonly Order[]) => void rows, { maxCount: 500, maxMs: 200 })
const out = route({ inserts, orders }, (order: Order) => (order.amount > 0 ? 'inserts' : 'orders'))
snap(orders, { sink: [inserts, out] })(({ value }) => value)
snap(interval(1000), { sink: [inserts] })(({ count }) => ({ id: 'tick', amount: count }))
const tested = createTestApp({ topics: { orders: 4 } })
const piped: Promise<void> = tested.topic(orders).pipe({ id: 'a', amount: 1 }, { key: 'a' })
const back: Promise<{ value: Order | null } | undefined> = tested.topic(orders).read()
void [piped, back]

const counts = Store<string, number>('counts')
const byNumber = Store<number, number>('by-number')
const perMinute = Topic('per-minute', { codec: JsonCodec<{ start: number; total: number }>() })
const totals = Topic('totals', { codec: JsonCodec<number>() })
const minute = { sizeMs: 60_000, graceMs: 5000 }
const minutes = window(orders, counts, minute, (sum = 0, { value }) => sum + value.amount)
snap(minutes, { sink: [perMinute] })(({ key, start, value }) => [key, { start, total: value }])
const large = map(
  filter(orders, ({ value }) => value.amount > 100),
  ({ value }) => ({ key: value.id, value }),
)
const once = dedupe(large, { by: ({ key }) => key, withinMs: 60_000 })
const sums = aggregate(once, (sum: number = 0, { value }) => sum + value.amount)
snap(sums, { sink: [totals], onError: (error, record) => (record.offset > 0 ? 'skip' : 'stop') })(({ key, value }) => [
  key,
  value,
])
const silent = process(orders, counts, {
  onMessage({ value, timestamp }, state) {
    state.put(value.id, timestamp)
    state.setTimer('event', timestamp + 60_000, value.id)
  },
  onTimer: ({ key, time }, state) => (state.getSync(key) === time - 60_000 ? { id: key, since: time } : undefined),
})
snap(silent, { sink: [(gone: { id: string; since: number }) => console.log(gone)] })((told) => told)

const payments = Topic('payments', { codec: JsonCodec<{ paid: number }>() })
const paid = join(orders, payments, { withinMs: [0, 600_000], graceMs: 5000, type: 'left' })
snap(paid, { sink: [totals] })(({ left, right }) => [left.key, left.value.amount - (right?.value.paid ?? 0)])
const rows = join(orders, payments, { tables: true })
snap(rows, { sink: [totals] })(({ key, left, right }) => [key, left ? left.value.amount - right.value.paid : null])
snap(merge({ orders, payments }), { sink: [totals] })((either) => [
  either.key,
  either.from === 'orders' ? either.value.amount : -either.value.paid,
])

const app = createApp<{ db: { insert(order: Order): Promise<void> } }>()
app.snap(orders)(({ value }, { db }) => db.insert(value))

declare const sizes: Through<number, string>
snap(sizes, { sink: [console.log], onError: (_, message) => (message === message.trim() ? 'skip' : 'stop') })(
  (size) => {
    const digits: string = size.toFixed()
    return digits
  },
)

// @ts-expect-error a through is alone
snap(sizes, [1])(() => {})
// @ts-expect-error a cache takes [key, value] pairs
snap(topic, { sink: [cache] })((record) => record.value)
// @ts-expect-error not an Order
snap(topic, { sink: [orders] })(() => ({ id: 1 }))
// @ts-expect-error a topic of arrays takes pairs only
snap(orders, { sink: [tags] })(() => ['a', 'b', 'c'])
// @ts-expect-error a topic of unknown values takes pairs only
snap(orders, { sink: [raw] })(() => ['a', 'b', 'c', 'd'])
// @ts-expect-error one of the two sinks takes only strings
snap(orders, { sink: [console.log, topic] })(({ value }) => value.amount)
// @ts-expect-error the function takes orders
snap(topic, { sink: [inserts] })(({ value }) => value)
// @ts-expect-error a name that route does not have
route({ orders }, (order: Order) => (order.amount > 0 ? 'orders' : 'refunds'))
// @ts-expect-error not an Order
void tested.topic(orders).pipe({ id: 1 })
// @ts-expect-error neither a folder nor a database
Cache(new Map())
// @ts-expect-error no such option
void new LmdbLevel('db/lmdb', { readonly: true })
// @ts-expect-error the fold makes text, and the store has numbers
window(orders, counts, minute, (sum = 0, { value }) => sum + value.id)
// @ts-expect-error the keys of the store are numbers
aggregate(orders, byNumber, (sum = 0, { value }) => sum + value.amount)
// @ts-expect-error messages without a key
aggregate([1, 2], (sum: number = 0) => sum + 1)
// @ts-expect-error the payment may be missing
snap(paid, { sink: [totals] })(({ left, right }) => [left.key, right.value.paid])
// @ts-expect-error two streams need a time
join(orders, payments, { type: 'left' })
// @ts-expect-error a row may be gone
snap(rows, { sink: [totals] })(({ key, left }) => [key, left.value.amount])
// @ts-expect-error only orders have an amount
snap(merge({ orders, payments }), { sink: [totals] })(({ key, value }) => [key, value.amount])
// @ts-expect-error a window needs a grace
window(orders, counts, { sizeMs: 60_000 }, (count = 0) => count + 1)
// @ts-expect-error the sink takes something else
snap(minutes, { sink: [perMinute] })(({ key, value }) => [key, value])
// @ts-expect-error no source
snap({ sink: [console.log] })(() => 1)

await stream({ env: 'DEV' }, { signal: AbortSignal.timeout(1000) })
