import { BytesCodec, StringCodec, createApp } from '@snapstream/core'
import type { BatchSource, Codec, Resource, SinkTarget } from '@snapstream/core'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { Topic } from './topic.ts'
import type { Pair, TopicInput, TopicRecord } from '../record/topic-record.ts'

interface Order {
  id: string
  amount: number
}
const codec = { encode: () => new Uint8Array(), decode: () => ({ id: '', amount: 0 }) } satisfies Codec<Order>
const codecOfStrings: Codec<string[]> = { encode: () => new Uint8Array(), decode: () => [] }
const app = createApp()

describe('the type of a topic', () => {
  test('has strings unless it has a codec', () => {
    const topic = Topic('demo')
    expectTypeOf(topic).toEqualTypeOf<Topic<string>>()
    expectTypeOf(topic).toExtend<BatchSource<TopicRecord<string>>>()
    expectTypeOf(topic).toExtend<SinkTarget<TopicInput<string>>>()
    expectTypeOf(topic).toExtend<Resource>()
    expectTypeOf(Topic('orders', { codec })).toEqualTypeOf<Topic<Order>>()
    expectTypeOf(Topic('orders', { codec, keyCodec: BytesCodec() })).toEqualTypeOf<Topic<Order, Uint8Array>>()
    expectTypeOf(Topic(['a', 'b'])).toEqualTypeOf<Topic<string>>()
    expectTypeOf(Topic(/a/, { codec: StringCodec() })).toEqualTypeOf<Topic<string>>()
  })

  test('has records with its types of keys and values', () => {
    const orders = Topic('orders', { codec, keyCodec: BytesCodec(), offset: { 0: 1 } })
    expectTypeOf(orders.slice(-1)).toExtend<AsyncIterable<TopicRecord<Order, Uint8Array>>>()
    expectTypeOf(orders.slice()).toExtend<BatchSource<TopicRecord<Order, Uint8Array>>>()
    expectTypeOf(orders).toExtend<AsyncIterable<TopicRecord<Order, Uint8Array>>>()
    expectTypeOf(orders.at).returns.resolves.toEqualTypeOf<TopicRecord<Order, Uint8Array> | undefined>()
    expectTypeOf(Topic('orders', { tombstones: true }).at).returns.resolves.toEqualTypeOf<
      TopicRecord<string | null> | undefined
    >()
    app.snap(orders.slice(-1), { sink: [(amount: number) => amount] })(({ value }) => value.amount)
    // @ts-expect-error values are orders
    app.snap(orders.slice(-1), { sink: [(amount: string) => amount] })(({ value }) => value.amount)
    // @ts-expect-error not a position
    const seek = () => orders.seek('end')
    // @ts-expect-error only pause and resume change it
    const pause = () => (orders.paused = true)
    expect([seek, pause, orders.paused]).toHaveLength(3)
  })

  test('has null values only with tombstones: true', () => {
    expectTypeOf(Topic('demo', { tombstones: true })).toEqualTypeOf<Topic<string | null>>()
    expectTypeOf(Topic('orders', { codec, tombstones: true })).toEqualTypeOf<Topic<Order | null>>()
  })

  test('needs a codec for a type other than string', () => {
    // @ts-expect-error values are strings without a codec
    Topic<Order>('orders')
    // @ts-expect-error no such option
    expect(() => Topic('orders', { groupID: 'x' })).toThrow('groupID')
    // @ts-expect-error no such setting
    expect(() => Topic('orders', { conf: { broker: 'x' } })).toThrow('broker')
  })
})

describe('the input of a topic', () => {
  test('is a value or a pair', () => {
    expectTypeOf<TopicInput<string>>().toEqualTypeOf<string | Pair<string, string>>()
    expectTypeOf<TopicInput<Order, number>>().toEqualTypeOf<Order | Pair<Order, number>>()
    expectTypeOf<TopicInput<string | null>>().toEqualTypeOf<string | Pair<string | null, string>>()
  })

  test('is only a pair if values may be arrays', () => {
    expectTypeOf<TopicInput<string[]>>().toEqualTypeOf<Pair<string[], string>>()
    expectTypeOf<TopicInput<Order | number[]>>().toEqualTypeOf<Pair<Order | number[], string>>()
    expectTypeOf<TopicInput<unknown>>().toEqualTypeOf<Pair<unknown, string>>()
  })

  test('of a call is a value or null, and its key and metadata', () => {
    const orders = Topic('orders', { codec })
    expectTypeOf(orders).parameter(0).toEqualTypeOf<Order | null>()
    expectTypeOf(orders).returns.toEqualTypeOf<Promise<void>>()
    // @ts-expect-error not an Order
    void (() => orders({ id: 1 }))
    // @ts-expect-error keys are strings
    void (() => orders(null, { key: 1 }))
    void (() => orders(null, { key: 'a', headers: { a: 'b' }, timestamp: 1, partition: 0 }))
  })
})

test('snap checks the output of a handler against the input of the topic', () => {
  const orders = Topic('orders', { groupId: 'g', codec })
  const texts = Topic('texts')
  const tags = Topic('tags', { codec: codecOfStrings })
  app.snap(orders, { sink: [orders] })(({ value }) => [value.id, { ...value, amount: 1 }, { headers: { a: 'b' } }])
  app.snap(orders, { sink: [orders] })(({ value, key }) => {
    expectTypeOf(key).toEqualTypeOf<string | null>()
    return value
  })
  app.snap(orders, { sink: [orders] })(({ value }) => [value.id, null])
  app.snap(orders, { sink: [texts] })(({ headers }) => ['k', 'v', { headers }])
  app.snap(orders, { sink: [tags] })(({ value }) => [value.id, ['a', 'b', 'c']])
  // @ts-expect-error not an Order
  app.snap(texts, { sink: [orders] })(() => ({ id: 1 }))
  // @ts-expect-error a topic of arrays takes pairs only
  app.snap(orders, { sink: [tags] })(() => ['a', 'b', 'c'])
  // @ts-expect-error one of the two sinks takes only strings
  app.snap(orders, { sink: [console.log, texts] })(({ value }) => value.amount)
  // @ts-expect-error a tombstone needs a key
  app.snap(orders, { sink: [texts] })(() => null)
})
