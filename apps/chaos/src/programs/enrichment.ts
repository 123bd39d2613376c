// Writes each order with the name of its customer. An order that arrives before its customer is retried.
import { Cache } from '@snapstream/cache'
import { JsonCodec } from '@snapstream/codecs/json'
import { snap, stream } from '@snapstream/core'
import { Conf, Topic } from '@snapstream/kafka'

Conf(Conf.fromEnv())
const [customers = 'customers', orders = 'orders', enriched = 'enriched'] = process.argv.slice(2)

const changes = Topic(customers, {
  codec: JsonCodec<{ name: string }>(),
  // A cache does not move with its partitions: the new process reads the customers again.
  onAssigned: async (partitions) => {
    for (const { partition } of partitions) await changes.seek('earliest', { partition })
  },
})
const ordered = Topic(orders, { codec: JsonCodec<{ id: number }>(), copartitionedWith: changes })
const known = Cache<string, { name: string }>('db/customers')

snap(changes, { sink: [known] })(({ key, value }) => [key!, value])

snap(ordered, {
  use: [known],
  sink: [Topic(enriched, { codec: JsonCodec() })],
  onError: { retries: 20, backoffMs: 20 },
})(({ key, value }) => {
  const customer = known.getSync(key!)
  if (!customer) throw new Error(`customer ${key} is not known yet`)
  return [key, { ...value, customer: customer.name }]
})

await stream()
