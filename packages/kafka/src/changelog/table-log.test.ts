import type { Codec } from '@snapstream/core'
import { describe, expect, test } from 'vitest'
import { openLog, readLog } from '../conformance/read-log.ts'
import { memory } from '../memory/index.ts'
import { partitionOf } from '../producer/partitioner.ts'
import { Topic } from '../topic/topic.ts'

const json: Codec<unknown> = {
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as unknown,
}

/** A codec that asks a registry first. */
const later: Codec<unknown> = {
  encode: async (value) => json.encode(value, { topic: 't', part: 'value' }),
  decode: async (bytes) => json.decode(bytes, { topic: 't', part: 'value' }),
}

function customersOf(partitions = 3, codecs: { codec: Codec<unknown>; keyCodec?: Codec<unknown> } = { codec: json }) {
  const conf = { driver: memory() }
  const make = (name: string, count: number) =>
    Topic<unknown, unknown>(name, { ...codecs, groupId: 'shop', create: { partitions: count }, conf })
  return { customers: make('customers', partitions), make, conf }
}

describe('the log of a table', () => {
  test('is the topic, which is created if it says so', async () => {
    const { customers } = customersOf()
    await customers.open()
    await customers({ name: 'Ann' }, { key: 'a' })
    await customers(null, { key: 'b' })
    await customers.close()
    const log = await openLog(customers)
    expect(log).toMatchObject({ topic: 'customers', partitions: 3, id: expect.stringMatching(/./) })
    expect((await readLog(log, log.partitionOfKey('a'))).records).toContain('{"name":"Ann"}')
    expect((await readLog(log, partitionOf('b', 3))).records).toContain(null)
    await log.close()
  })

  test('encodes and decodes as the topic does', async () => {
    const { customers } = customersOf(3, { codec: later, keyCodec: json })
    const log = await openLog(customers)
    expect(Buffer.from(log.encodeKey([1])).toString()).toBe('[1]')
    expect(log.decodeKey(Buffer.from('[1]'))).toEqual([1])
    expect(log.partitionOfKey([1])).toBe(partitionOf('[1]', 3))
    expect(await log.decodeValue(Buffer.from('{"name":"Ann"}'), 'a')).toEqual({ name: 'Ann' })
    const failed = { code: 'DECODE_FAILED', topic: 'customers', key: 'a' }
    await expect(log.decodeValue(Buffer.from('{'), 'a')).rejects.toMatchObject(failed)
    expect(() => log.decodeKey(Buffer.from('{'))).toThrow('the key of a record of the table "customers" did not decode')
    await log.close()
    const strings = await openLog(customersOf().customers)
    expect(Buffer.from(strings.encodeKey('ü')).toString()).toBe('ü')
    expect(() => strings.decodeValue(Buffer.from('{'), 'a')).toThrow('the value of a record of the table "customers"')
    await strings.close()
  })

  test('needs a codec of keys that is synchronous to find their partitions', async () => {
    const log = await openLog(customersOf(3, { codec: json, keyCodec: later }).customers)
    expect(() => log.partitionOfKey('a')).toThrow('the keyCodec of the topic "customers" returns promises')
    await log.close()
  })

  test('has as many partitions as the topics beside it, or is refused', async () => {
    const { customers, make, conf } = customersOf()
    await (await openLog(customers, [make('orders', 3)])).close()
    // All of a global table is read, whatever is beside it.
    await (await openLog(make('countries', 1))).close()
    await expect(openLog(customers, [make('returns', 4)])).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(
        '"customers" has 3 partitions and "returns" has 4, and the table "customers" goes with both',
      ),
    })
    await expect(openLog(customers, [[1]])).rejects.toThrow('one of them is no topic')
    await expect(openLog(Topic(['a', 'b'], { conf }))).rejects.toThrow('Topic(a,b) stands for several')
  })
})
