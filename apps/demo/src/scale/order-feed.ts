import { setTimeout as sleep } from 'node:timers/promises'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'

/** Orders that are written to a topic, as the input with which the counts are compared. */
export interface OrderFeed {
  /** The number of orders of each customer. */
  readonly ordered: ReadonlyMap<string, number>
  readonly total: number
  /** The feed stops. Resolves once the topic has all orders. */
  stop(): Promise<void>
}

const TICK_MS = 20

interface FeedOptions {
  readonly customers: number
  readonly ordersASecond: number
}

/** Writes orders at a steady rate, keyed by customer. */
export function feedOrders(name: string, conf: KafkaConf, { customers, ordersASecond }: FeedOptions): OrderFeed {
  const ordered = new Map<string, number>()
  let total = 0
  let isOver = false

  async function* orders(): AsyncGenerator<string, void> {
    const startedAt = performance.now()
    while (!isOver) {
      const due = Math.floor(((performance.now() - startedAt) / 1000) * ordersASecond)
      while (total < due) {
        const customer = `customer-${(total * 7919) % customers}`
        total += 1
        ordered.set(customer, (ordered.get(customer) ?? 0) + 1)
        yield customer
      }
      await sleep(TICK_MS)
    }
  }

  const app = createApp({ signals: false })
  app.snap(orders(), { sink: [Topic(name, { conf })] })((customer) => [customer, customer])
  const written = app.stream()
  // `stop` reports a failure.
  written.catch(() => {})
  return {
    ordered,
    get total() {
      return total
    },
    async stop() {
      isOver = true
      await written
    },
  }
}
