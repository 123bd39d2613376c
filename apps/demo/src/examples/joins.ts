import { randomUUID } from 'node:crypto'
import { join as path } from 'node:path'
import { JsonCodec } from '@snapstream/codecs'
import { createApp, snap, stream } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { join } from '@snapstream/operators'
import { GlobalTable, Store } from '@snapstream/state'
import type { Example } from './example.ts'

const ORDERS = 300
/** The time for a payment. */
const WITHIN_MS = 3000
const CUSTOMERS = { ada: 'Ada Lovelace', brian: 'Brian Kernighan', cora: 'Cora Sadosky' }

interface Order {
  readonly customer: keyof typeof CUSTOMERS
  readonly amount: number
}
interface Payment {
  readonly amount: number
}

export const joins: Example = {
  name: 'joins',
  about: 'orders with their payment within three seconds, and the name of their customer (only if it is named)',
  isAlone: true,
  async run({ folder }) {
    const groupId = `demo-joins-${randomUUID().slice(0, 8)}`
    const names = { orders: `${groupId}-orders`, payments: `${groupId}-payments`, customers: `${groupId}-customers` }
    const begin = Date.now() - 600_000
    const orderCodec = JsonCodec<Order>()
    const paymentCodec = JsonCodec<Payment>()

    // Two of three orders are paid; each tenth payment comes too late. A topic that is like another has as many partitions.
    const newOrders = Topic(names.orders, { codec: orderCodec, create: { partitions: 3 } })
    const newPayments = Topic(names.payments, { codec: paymentCodec, create: { like: newOrders } })
    const newCustomers = Topic(names.customers, { create: { partitions: 1 } })
    const input = makeOrders(begin)
    const payments = input.flatMap(({ payment }) => payment ?? []).toSorted((a, b) => a.at - b.at)
    snap(input, { sink: [newOrders], timestamp: ({ at }) => at })(({ id, order }) => [id, order])
    snap(payments, { sink: [newPayments], timestamp: ({ at }) => at })(({ id, amount }) => [id, { amount }])
    snap(Object.entries(CUSTOMERS), { sink: [newCustomers] })((row) => row)
    await stream()

    const store = Store('open-orders', { folder: path(folder, 'joins') })
    const settled = join(
      Topic(names.orders, { groupId, codec: orderCodec }),
      Topic(names.payments, { groupId, codec: paymentCodec }),
      { store, withinMs: [0, WITHIN_MS], type: 'left', idleMs: 500 },
    )
    const customers = GlobalTable(Topic(names.customers), { folder: path(folder, 'customers') })
    const withNames = join(settled, customers, { key: ({ left }) => left.value.customer })

    const app = createApp()
    const paid = new Map<string, boolean>()
    app.snap(withNames, { sink: [console.log] })(function tell({ left: { left, right }, right: name }, { stop }) {
      if (left.key === null || paid.has(left.key)) throw new Error(`the order ${left.key} came twice`)
      paid.set(left.key, right !== undefined)
      if (paid.size === ORDERS) stop()
      if (paid.size % 30 !== 1) return undefined
      return `${left.key} of ${name}: ${right === undefined ? 'not paid' : `paid with ${right.value.amount}`}`
    })
    await app.stream()
    return compare(input, paid)
  },
}

interface OrderWithPayment {
  readonly id: string
  readonly at: number
  readonly order: Order
  readonly payment: (Payment & { readonly id: string; readonly at: number }) | undefined
}

function makeOrders(begin: number): OrderWithPayment[] {
  const customers = Object.keys(CUSTOMERS) as Order['customer'][]
  return Array.from({ length: ORDERS }, (_, i) => {
    const id = `order-${i + 1}`
    const at = begin + i * 50
    const amount = 5 + ((i * 13) % 90)
    const order: Order = { customer: customers[i % customers.length] as Order['customer'], amount }
    const afterMs = i % 10 === 9 ? WITHIN_MS + 500 : (i * 797) % WITHIN_MS
    return { id, at, order, payment: i % 3 === 2 ? undefined : { id, at: at + afterMs, amount } }
  })
}

/** Throws if an order is paid or not against the input. */
function compare(input: readonly OrderWithPayment[], paid: ReadonlyMap<string, boolean>): string {
  const inTime = ({ at, payment }: OrderWithPayment) => payment !== undefined && payment.at - at <= WITHIN_MS
  const wrong = input.filter((one) => paid.get(one.id) !== inTime(one))
  if (wrong.length > 0) throw new Error(`${wrong.length} orders are wrong, such as ${wrong[0]?.id}`)
  const count = [...paid.values()].filter(Boolean).length
  return `joins: ${input.length} orders, ${count} paid in time, ${input.length - count} not; each equals the input`
}
