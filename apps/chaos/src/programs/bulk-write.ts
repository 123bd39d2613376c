// Writes measurements to a database over HTTP, in batches.
import { JsonCodec } from '@snapstream/codecs/json'
import { batch, snap, stream } from '@snapstream/core'
import { Conf, Topic } from '@snapstream/kafka'

Conf(Conf.fromEnv())
const [measurements = 'measurements', url = 'http://localhost:8080'] = process.argv.slice(2)

interface Row {
  sensor: string | null
  n: number
}

async function insert(rows: Row[], { signal }: { signal: AbortSignal }) {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(rows), signal })
  if (!response.ok) throw new Error(`the database answers ${response.status}`)
}

const measured = Topic(measurements, { codec: JsonCodec<{ n: number }>() })
const rows = batch(insert, { maxCount: 50, maxMs: 100, retries: 10, backoffMs: 20 })

snap(measured, { sink: [rows] })(({ key, value }) => ({ sensor: key, n: value.n }))

await stream()
