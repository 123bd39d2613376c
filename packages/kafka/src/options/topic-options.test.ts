import { expect, test } from 'vitest'
import { Topic } from '../topic/topic.ts'

const make = (names: unknown, options?: unknown) => () => Topic(names as string, options as object)

test.each([
  ['demo', 'demo'],
  [['a', 'b', 'a'], 'a,b'],
  [/^orders\./, '/^orders\\./'],
])('%s is called %s', (names, name) => {
  expect(make(names)().name).toBe(name)
})

test.each([
  ['', "a topic's name has 1 to 249 letters"],
  ['a b', 'got "a b"'],
  ['..', 'got ".."'],
  ['x'.repeat(250), "a topic's name has"],
  [[], 'an empty array'],
  [[1], 'takes a name, an array of names or a RegExp, got 1'],
  [undefined, 'got undefined'],
])('the name %j is refused', (names, why) => {
  expect(make(names)).toThrow(why)
})

test('a pattern cannot create a topic', () => {
  expect(make(/a/, { create: true })).toThrow('only a topic with a name can be created')
})

test.each([
  [{ groupID: 'x' }, "Topic(\"demo\") has no option 'groupID'; did you mean 'groupId'?"],
  [{ colour: 1 }, 'it takes groupId, copartitionedWith, onAssigned, onRevoked, codec'],
  [{ groupId: '' }, 'groupId of Topic("demo") takes a name, or null for no group, got ""'],
  [{ offset: 1.5 }, 'offset of Topic("demo") takes a whole number'],
  [{ offset: -0 }, 'offset of'],
  [{ offset: { 0: 1, 1: 0.5 } }, 'one for each partition'],
  [{ offset: { first: 1 } }, 'one for each partition'],
  [{ offset: [1] }, 'one for each partition'],
  [{ offset: null }, 'one for each partition'],
  [{ timestamp: -1 }, 'timestamp of Topic("demo") takes a Date, or a whole number of ms since the epoch, got -1'],
  [{ timestamp: new Date(NaN) }, 'timestamp of'],
  [{ timestamp: 1, offset: 1 }, 'was given an offset and a timestamp to start at'],
  [{ until: 'now' }, 'until of Topic("demo") takes \'end\', got "now"'],
  [
    { create: { partition: 1 } },
    'create of Topic("demo") takes true, or { partitions, replicationFactor, config, like }',
  ],
  [{ create: { config: { 'retention.ms': null } } }, 'an object of strings, numbers and booleans, and a topic'],
  [{ create: { partitions: 0 } }, 'create of'],
  [{ create: { like: 'a/b' } }, 'a topic or the name of one, got'],
  [{ create: { like: {} } }, 'a topic or the name of one, got'],
  [{ dry: 1 }, 'dry of'],
  [{ tombstones: 'yes' }, 'tombstones of'],
  [{ codec: {} }, 'codec of Topic("demo") takes an object with encode and decode'],
  [{ keyCodec: null }, 'keyCodec of'],
  [{ conf: { broker: 'a:1' } }, 'conf of Topic("demo") has no setting broker; did you mean brokers?'],
  [null, 'takes an object of options, got null'],
])('the options %j are refused', (options, why) => {
  expect(make('demo', options)).toThrow(why)
})
