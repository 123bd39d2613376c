import { createApp, type Codec } from '@snapstream/core'
import { AvroCodec } from '@snapstream/codecs/avro'
import { JsonCodec } from '@snapstream/codecs/json'
import { recordSchema } from '@snapstream/codecs/src/fixtures/record-schema.ts'
import { Topic, type RecordMeta } from '@snapstream/kafka'
import { describe, expect, test } from 'vitest'
import { beside } from '../beside.ts'
import { drivers } from '../drivers.ts'
import { pythonCodecs } from './python-codecs.ts'

interface Row {
  readonly key: string | null
  readonly value: unknown
  readonly headers: readonly (readonly [string, string])[]
}

const schema = recordSchema('Order', {
  id: 'string',
  amount: 'double',
  note: ['null', 'string'],
  at: { type: 'long', logicalType: 'timestamp-millis' },
})
const row = (key: string | null, value: unknown, headers: Row['headers'] = []): Row => ({ key, value, headers })
const order = (at: unknown) => ({ id: 'zwei 🏆', amount: -0.5, note: null, at })
const json = { 'zwei 🏆': [1, 0.5, null, true, { a: '' }] }

/** The values of records in TypeScript and in Python, by codec. */
const CODECS: readonly (readonly [codec: string, make: () => Codec<unknown>, ours: unknown, theirs: unknown])[] = [
  ['avro', () => AvroCodec(schema), order(new Date(5)), order({ $utc: 5000 })],
  ['json', () => JsonCodec(), json, json],
]

describe.each(drivers.map((driver) => [driver.name, driver] as const))('Snapstream for Python with %s', (_, driver) => {
  const { brokers, topics, client: python } = beside(pythonCodecs)
  const conf = { brokers, driver }
  /** Sorts by key, because a topic is ordered only within its partitions. */
  const byKey = (rows: readonly Row[]) => rows.toSorted((a, b) => String(a.key).localeCompare(String(b.key)))

  async function read(topic: string, codec?: Codec<unknown>): Promise<readonly Row[]> {
    const rows: Row[] = []
    const app = createApp()
    const source = Topic<unknown>(topic, {
      groupId: null,
      until: 'end',
      tombstones: true,
      conf,
      codec: codec ?? JsonCodec(),
    })
    app.snap(source)(({ key, value, headers }) => {
      rows.push(
        row(
          key,
          value,
          headers.map(([name, content]) => [name, Buffer.from(content ?? []).toString()] as const),
        ),
      )
    })
    await app.stream({})
    return byKey(rows)
  }
  async function write(topic: string, rows: readonly Row[], codec: Codec<unknown> = JsonCodec()): Promise<void> {
    const app = createApp()
    app.snap(rows, { sink: [Topic<unknown>(topic, { conf, codec })] })(({ key, value, headers }) => {
      const meta: RecordMeta = { headers: Object.fromEntries(headers) }
      return [key, value, meta] as const
    })
    await app.stream({})
  }
  const pythonRead = async (topic: string, codec: string | null, count: number) =>
    byKey(await python().ask<Row[]>('snapstream-read', { topic, codec, schema, count }))

  const rowsOf = (value: unknown) => [
    row('a', value),
    row('b', value, [
      ['trace', 'zwei 🏆'],
      ['via', ''],
    ]),
    row(null, value),
  ]

  test.each(CODECS)(
    'Python writes %s with keys and headers that TypeScript reads',
    async (codec, make, ours, theirs) => {
      const topic = await topics.create()
      const records = rowsOf(theirs)
      expect(await python().ask('snapstream-write', { topic, codec, schema, records })).toBe(records.length)
      expect(await read(topic, make())).toEqual(byKey(rowsOf(ours)))
    },
  )

  test.each(CODECS)(
    'TypeScript writes %s with keys and headers that Python reads',
    async (codec, make, ours, theirs) => {
      const topic = await topics.create()
      await write(topic, rowsOf(ours), make())
      expect(await pythonRead(topic, codec, 3)).toEqual(byKey(rowsOf(theirs)))
    },
  )

  test('TypeScript reads a tombstone from Python as null', async () => {
    const topic = await topics.create()
    await python().ask('snapstream-write', { topic, codec: null, schema, records: [row('a', null)] })
    expect(await read(topic)).toEqual([row('a', null)])
  })

  test('Python reads a tombstone from TypeScript as None', async () => {
    const topic = await topics.create()
    await write(topic, [row('a', null)])
    expect(await pythonRead(topic, null, 1)).toEqual([row('a', null)])
  })

  test('the JSON codec of Python writes None as the text null, not as a tombstone', async () => {
    const topic = await topics.create()
    await python().ask('snapstream-write', { topic, codec: 'json', schema, records: [row('a', null)] })
    const values: unknown[] = []
    const app = createApp()
    app.snap(Topic(topic, { groupId: null, until: 'end', conf }))(({ value }) => void values.push(value))
    await app.stream({})
    expect(values).toEqual(['null'])
  })

  test('the codecs of Python fail for a tombstone', async () => {
    const topic = await topics.create()
    await write(topic, [row('a', null)])
    await expect(pythonRead(topic, 'json', 1)).rejects.toThrow("'NoneType' object has no attribute 'decode'")
  })
})
