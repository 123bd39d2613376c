// Writes an alert for each payment that is at least the third of its card within a minute.
import { Cache } from '@snapstream/cache'
import { JsonCodec } from '@snapstream/codecs/json'
import { snap, stream } from '@snapstream/core'
import { Conf, Topic } from '@snapstream/kafka'

Conf(Conf.fromEnv())
const [payments = 'payments', alerts = 'alerts'] = process.argv.slice(2)

const paid = Topic(payments, { codec: JsonCodec<{ id: number }>() })
const recent = Cache<string, readonly number[]>('db/recent', { exactlyOnce: true })

snap(paid, { use: [recent], sink: [Topic(alerts, { codec: JsonCodec() })] })(({ key: card, value, timestamp }) =>
  recent.transaction(card!, async (transaction) => {
    const before = (await transaction.get(card!)) ?? []
    const times = [...before.filter((time) => time > timestamp - 60_000), timestamp]
    transaction.put(card!, times)
    return times.length >= 3 ? [card, { payment: value.id, times }] : undefined
  }),
)

await stream()
