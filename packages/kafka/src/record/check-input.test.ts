import { BytesCodec, SnapstreamError } from '@snapstream/core'
import { expect, test } from 'vitest'
import { checkBare, checkMeta, checkPair } from './check-input.ts'
import { topicSpec } from '../options/topic-spec.ts'

const plain = topicSpec('demo', {})
const coded = topicSpec('demo', { codec: BytesCodec() })

function refusal(f: () => void): string {
  try {
    f()
  } catch (error) {
    if (SnapstreamError.is(error) && error.code === 'SINK_REFUSED' && error.topic === 'demo') return error.message
    throw error
  }
  throw new Error('it was taken')
}

test.each([
  [['k', 'v']],
  [[null, 'v']],
  [['k', null]],
  [['k', 'v', undefined]],
  [['k', 'v', { partition: 1 }]],
  [[1, 'v']],
])('%j is a pair of strings', (pair) => {
  expect(() => checkPair(pair, plain)).not.toThrow()
})

test.each([
  [['a', 'b', 'c']],
  [['a']],
  [[]],
  [['k', 1]],
  [[['k'], 'v']],
  [['a', 'b', {}, 'd']],
  [[undefined, 'v']],
  [['k', undefined]],
  [['k', 'v', null]],
])('%j is not a pair of strings', (pair) => {
  expect(refusal(() => checkPair(pair, plain))).toContain(
    'the topic "demo" takes a value or a [key, value, meta?] pair',
  )
})

test.each([[['k', ['a', 'b', 'c']]], [[1, 2]], [['k', {}, { headers: { a: 'b' } }]]])(
  '%j is a pair for a codec',
  (pair) => {
    expect(() => checkPair(pair, coded)).not.toThrow()
  },
)

test.each([[[1, 2, 3]], [['a', 'b', 'c', 'd']], [['a']], [['k', undefined]]])(
  '%j is not a pair for a codec',
  (pair) => {
    expect(refusal(() => checkPair(pair, coded))).toContain('write [key, array] for a value that is an array')
  },
)

test('null without a key is refused, as a tombstone needs a key', () => {
  expect(refusal(() => checkBare(null, plain))).toContain('write [key, null]')
})

test.each([
  [{ offset: 1 }, "takes headers, timestamp, partition, topic with a value, got 'offset'"],
  [{ topic: 1 }, 'takes the name of the topic a record goes to as text, got 1'],
  [{ timestamp: 1.5 }, 'takes a timestamp in whole ms since the epoch, got 1.5'],
  [{ timestamp: 2 ** 63 }, 'got 9223372036854776000; it has 64 bits'],
  [{ partition: '1' }, 'takes a partition as a number from 0, got "1"'],
  [{ headers: 'x' }, 'takes headers as an object'],
])('meta %j is refused', (meta, why) => {
  expect(refusal(() => checkMeta(meta as object, 'demo'))).toContain(why)
})

test('meta takes every timestamp of 64 bits, and refuses a larger one', () => {
  for (const timestamp of [-1, -86_400_000, Number.MIN_SAFE_INTEGER, 2n ** 63n - 1n, -(2n ** 63n)])
    expect(() => checkMeta({ timestamp }, 'demo')).not.toThrow()
  expect(refusal(() => checkMeta({ timestamp: 2n ** 63n }, 'demo'))).toContain('got 9223372036854775808n')
})
