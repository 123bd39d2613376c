import { JsonCodec } from '@snapstream/codecs'
import { createApp } from '@snapstream/core'
import type { App } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'
import { Store } from '@snapstream/state'

/** The names of the topics and of the consumer group of a run. */
export interface Names {
  readonly orders: string
  readonly totals: string
  readonly groupId: string
}

/** The program of a worker: counts the orders of each customer, and writes each new count to a topic. */
export function createCountingApp({ orders, totals, groupId }: Names, folder: string, conf: KafkaConf): App<{}> {
  const incoming = Topic(orders, { groupId, conf })
  const counts = Store<string, number>('counts', { folder })
  const outgoing = Topic(totals, { codec: JsonCodec<number>(), conf })

  const app = createApp({ signals: false })
  app.snap(incoming, { sink: [counts, outgoing] })((order) => {
    const customer = order.value
    return [customer, (counts.of(order).getSync(customer) ?? 0) + 1]
  })
  return app
}
