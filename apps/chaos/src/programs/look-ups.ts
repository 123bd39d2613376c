// Asks a service for the country of each visitor, with concurrency.
import { JsonCodec } from '@snapstream/codecs/json'
import { snap, stream } from '@snapstream/core'
import { Conf, Topic } from '@snapstream/kafka'

Conf(Conf.fromEnv())
const [visits = 'visits', located = 'located', url = 'http://localhost:8080'] = process.argv.slice(2)

const visited = Topic(visits, { codec: JsonCodec<{ n: number }>() })
const sink = [Topic(located, { codec: JsonCodec() })]

snap(visited, { sink, concurrency: 16, onError: { retries: 10, backoffMs: 20 } })(
  async ({ key, value }, { signal }) => {
    const response = await fetch(`${url}?visitor=${key}`, { signal })
    if (!response.ok) throw new Error(`the service answers ${response.status}`)
    return [key, { ...value, country: await response.text() }]
  },
)

await stream()
