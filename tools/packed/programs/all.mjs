// All of them: JSON through a topic of the memory driver into a cache on disk.
export default async function all(load) {
  const { createApp } = await load('@snapstream/core')
  const { Topic } = await load('@snapstream/kafka')
  const { memory } = await load('@snapstream/kafka/memory')
  const { Cache } = await load('@snapstream/cache')
  const { LmdbLevel } = await load('@snapstream/cache-lmdb')
  const { JsonCodec } = await load('@snapstream/codecs')
  const { JsonCodec: fromSubpath } = await load('@snapstream/codecs/json')
  const { AvroCodec } = await load('@snapstream/codecs/avro')
  const { kafkats } = await load('@snapstream/kafkats')
  const { instrument, traceHeaders } = await load('@snapstream/otel')
  const { prometheus } = await load('@snapstream/otel/prometheus')
  if (Object.keys(traceHeaders()).length > 0) throw new Error('a span is active before anything is traced')
  const { aggregate, filter, map } = await load('@snapstream/operators')
  if (kafkats().name !== 'kafkats') throw new Error('the driver of kafkats is another one')
  if (fromSubpath !== JsonCodec) throw new Error('the package and its subpath give different codecs')

  const schema = { type: 'record', name: 'Order', fields: [{ name: 'id', type: 'string' }] }
  const avro = AvroCodec(schema)
  if (avro.decode(avro.encode({ id: 'x' })).id !== 'x') throw new Error('Avro did not come back as it went')

  const conf = { driver: memory() }
  const codec = JsonCodec()
  const cache = Cache(`db/${Date.now()}`)
  const out = createApp()
  out.snap(
    [
      ['a', { amount: 1 }],
      ['b', { amount: 2 }],
    ],
    { sink: [Topic('orders', { conf, codec, create: { partitions: 1 } })] },
  )((pair) => pair)
  await out.stream()

  const into = createApp()
  const end = instrument(into)
  const metrics = prometheus(into)
  const orders = Topic('orders', { conf, codec, groupId: 'packed', until: 'end' })
  into.snap(orders, { sink: [cache] })(({ key, value }) => [key, value.amount])
  await into.stream()
  if (!/^messaging_client_consumed_messages_total\{.*"orders".*\} 2$/m.test(metrics.text()))
    throw new Error(`the metrics are ${metrics.text()}`)
  metrics.close()
  end()

  await cache.open()
  const amounts = [cache.getSync('a'), await cache.get('b')]
  await cache.close()
  if (amounts.join() !== '1,2') throw new Error(`the cache holds ${JSON.stringify(amounts)}`)

  const totals = []
  const counted = createApp()
  const numbers = filter([1, 2, 3, 4], (n) => n > 1)
  counted.snap(
    aggregate(
      map(numbers, (value) => ({ key: 'all', value })),
      (sum = 0, { value }) => sum + value,
    ),
  )(({ value }) => void totals.push(value))
  await counted.stream()
  if (totals.join() !== '2,5,9') throw new Error(`the totals are ${JSON.stringify(totals)}`)

  const onLmdb = Cache(new LmdbLevel(`db/lmdb-${Date.now()}`))
  await onLmdb.open()
  await onLmdb('c', 3)
  if (onLmdb.getSync('c') !== 3) throw new Error('the cache over LMDB lost its entry')
  await onLmdb.close()
}
