import type { Socket } from 'node:net'
import { array, fetched, initialized, int16, int32, listed, metadata, produced, string } from './fake-answers.ts'
import { LARGEST, NO_SUCH_CODE, answering, random } from './hostile-case.ts'
import type { Answers, HostileCase, Rest } from './hostile-case.ts'

/** The error codes of Kafka that the fake broker answers for ever. */
const [OUT_OF_RANGE, NOT_LEADER, LOADING] = [1, 6, 14]

/** Answers about topics and records that a good broker never gives, or gives only for a while. */
export function hostileAnswers(): HostileCase[] {
  return [...clusters(), ...readers(), ...writers()]
}

/** Answers to requests for metadata. */
function clusters(): HostileCase[] {
  const says = (
    name: string,
    of: (port: number) => Buffer,
    expect: RegExp,
    rest: Rest = {},
    does: HostileCase['does'] = 'read',
  ) => answering(name, does, { Metadata: (_, { port }) => of(port) }, expect, rest)
  const cut = (bytes: Buffer) => bytes.subarray(0, bytes.length - 10)
  return [
    says(
      'says that there are two billion brokers',
      () => Buffer.concat([int32(0), int32(LARGEST), random(50)]),
      /^KAFKA_FAILED: .*answer to Metadata/,
    ),
    says(
      'says that there are -2 brokers',
      () => Buffer.concat([int32(0), int32(-2), random(50)]),
      /^KAFKA_FAILED: .*answer/,
    ),
    says('ends in the middle of its topics', (port) => cut(metadata(port)), /^KAFKA_FAILED: .*answer to Metadata/),
    says(
      'has a partition below zero',
      (port) => metadata(port, { partitions: [{ partition: -1 }] }),
      /^KAFKA_FAILED: .*partition -1/,
    ),
    says('has a partition twice', (port) => metadata(port, { partitions: [{}, {}] }), /^KAFKA_FAILED: .*has it twice/),
    says(
      'has a topic without partitions',
      (port) => metadata(port, { partitions: [] }),
      /^KAFKA_FAILED: .*has no partition/,
    ),
    says('leaves out the topic', (port) => metadata(port, { topic: 'other' }), /^KAFKA_FAILED: .*"t" is missing/),
    says(
      'leaves out the topic that is written',
      (port) => metadata(port, { topic: 'other' }),
      /^KAFKA_FAILED: .*"t" is missing/,
      {},
      'write',
    ),
    says(
      'answers for the topic with an unknown error',
      (port) => metadata(port, { errorCode: NO_SUCH_CODE }),
      /^KAFKA_FAILED: .*ERROR_999/,
    ),
    says(
      'names a leader that is nobody',
      (port) => metadata(port, { partitions: [{ leader: 99 }] }),
      /^BROKER_UNREACHABLE: .*node 99/,
    ),
    says('has no leader for ever', (port) => metadata(port, { partitions: [{ leader: -1 }] }), /LEADER_NOT_AVAILABLE/),
    says(
      'gives a name that nobody knows',
      (port) => metadata(port, { host: 'kafka.invalid' }),
      /^BROKER_UNREACHABLE: .*kafka\.invalid.*node 1 .*advertised\.listeners/,
    ),
    says(
      'gives no name',
      (port) => metadata(port, { host: '' }),
      /^BROKER_UNREACHABLE: .*node 1 .*advertised\.listeners/,
    ),
    says('gives a port that is none', () => metadata(700_000), /^BROKER_UNREACHABLE: .*node 1 .*advertised\.listeners/),
    says(
      'gives a port below zero',
      () => metadata(-1),
      /^BROKER_UNREACHABLE: .*node 1 .*advertised\.listeners/,
      {},
      'write',
    ),
  ]
}

/** Answers to requests that read. */
function readers(): HostileCase[] {
  const reading = (name: string, fetch: Buffer, expect: RegExp, rest: Rest = {}) =>
    answering(name, 'read', { Fetch: () => fetch }, expect, rest)
  const offsets = (name: string, of: (version: number) => Buffer, expect: RegExp) =>
    answering(name, 'read', { ListOffsets: ({ version }) => of(version) }, expect)
  const TOLD = { told: true } as const
  return [
    offsets(
      'starts at an offset below zero',
      (version) => listed(version, { offset: -5 }),
      /^KAFKA_FAILED: .*ListOffsets.*-5/,
    ),
    offsets(
      'does not say where a partition starts',
      (version) => listed(version, { leftOut: true }),
      /LEADER_NOT_AVAILABLE/,
    ),
    offsets(
      'says that it has 16 million topics',
      () => Buffer.concat([int32(0), int32(2 ** 24), random(30)]),
      /^KAFKA_FAILED: .*ListOffsets/,
    ),
    offsets(
      'has a topic of a name shorter than nothing',
      () => Buffer.concat([int32(0), int32(1), int16(-9), random(30)]),
      /^KAFKA_FAILED: .*ListOffsets/,
    ),
    offsets('ends in the middle of its offsets', () => int32(0), /^KAFKA_FAILED: .*ListOffsets/),
    reading(
      'refuses each offset that it names',
      fetched({ errorCode: OUT_OF_RANGE }),
      /^OFFSET_OUT_OF_RANGE: .*reading goes on at 0/,
      TOLD,
    ),
    reading(
      'refuses each offset for ever',
      fetched({ errorCode: OUT_OF_RANGE }),
      /^OFFSET_OUT_OF_RANGE: .*refused the earliest and latest offsets/,
    ),
    reading('leads nothing for ever', fetched({ errorCode: NOT_LEADER }), /NOT_LEADER_OR_FOLLOWER/),
    reading(
      'answers a fetch with an unknown error',
      fetched({ errorCode: NO_SUCH_CODE }),
      /^KAFKA_FAILED: .*ERROR_999/,
    ),
    reading(
      'fails as a whole, with an unknown error',
      Buffer.concat([int32(0), int16(NO_SUCH_CODE), int32(0), array([])]),
      /^KAFKA_FAILED: .*ERROR_999/,
    ),
    reading('answers at once with nothing', fetched({ leftOut: true }), /LEADER_NOT_AVAILABLE.*|quota/, TOLD),
    reading('answers for another partition', fetched({ partition: 7 }), /left a partition out/, TOLD),
    reading('names a replica that is nobody', fetched({ replica: 77 }), /^BROKER_UNREACHABLE: .*node 77/, TOLD),
    answering(
      'names replicas that name each other',
      'read',
      {
        Metadata: (_, { port }) => twoBrokers(port),
        Fetch: ({ socket }) => fetched({ replica: elsewhere(socket) }),
      },
      /REPLICA_NOT_AVAILABLE/,
      TOLD,
    ),
    reading(
      'sends records that are none',
      fetched({ records: random(300) }),
      /^(KAFKA_FAILED|UNSUPPORTED|DECODE_FAILED): /,
    ),
    reading(
      'sends a batch that never ends',
      fetched({ records: Buffer.alloc(100, 1) }),
      /^(KAFKA_FAILED|UNSUPPORTED|DECODE_FAILED): /,
    ),
    reading(
      'says that two billion transactions were aborted',
      fetched({ abortedCount: LARGEST }),
      /^KAFKA_FAILED: .*Fetch/,
    ),
    reading('ends in the middle of a fetch', fetched().subarray(0, 30), /^KAFKA_FAILED: .*Fetch/),
  ]
}

/** Answers to requests that write. */
function writers(): HostileCase[] {
  const writing = (name: string, answers: Answers, expect: RegExp, rest?: Rest) =>
    answering(name, 'write', answers, expect, rest)
  return [
    writing(
      'leaves out what it has written',
      { Produce: ({ version }) => produced(version, { leftOut: true }) },
      /^KAFKA_FAILED: .*did not answer for partition/,
    ),
    writing(
      'refuses to write',
      { Produce: ({ version }) => produced(version, { errorCode: NOT_LEADER }) },
      /NOT_LEADER_OR_FOLLOWER/,
    ),
    writing(
      'fails to write with an unknown error',
      { Produce: ({ version }) => produced(version, { errorCode: NO_SUCH_CODE }) },
      /^KAFKA_FAILED: .*ERROR_999/,
    ),
    writing(
      'takes a first batch for a second',
      { Produce: ({ version }) => produced(version, { errorCode: 46 }) },
      /DUPLICATE_SEQUENCE_NUMBER/,
    ),
    writing('ends in the middle of what it has written', { Produce: () => int32(1) }, /^KAFKA_FAILED: .*Produce/),
    writing(
      'swallows what is written',
      { Produce: () => () => {} },
      /^BROKER_UNREACHABLE: .*did not answer Produce within 1000 ms/,
      { silent: true },
    ),
    writing(
      'gives a producer an id below zero',
      { InitProducerId: ({ version }) => initialized(version, { producerId: -1 }) },
      /^KAFKA_FAILED: .*InitProducerId/,
    ),
    writing(
      'gives no producer an id',
      { InitProducerId: ({ version }) => initialized(version, { errorCode: LOADING, producerId: -1 }) },
      /COORDINATOR_LOAD_IN_PROGRESS/,
    ),
  ]
}

/** Two nodes that listen on one port. */
function twoBrokers(port: number): Buffer {
  const one = metadata(port)
  const node = (id: number) => Buffer.concat([int32(id), string('127.0.0.1'), int32(port), int16(-1)])
  return Buffer.concat([int32(0), array([node(1), node(2)]), one.subarray(4 + 4 + node(1).length)])
}

/** The node id behind a connection: the first connection that fetched is the leader's. */
function elsewhere(socket: Socket): number {
  if (!nodes.has(socket)) nodes.set(socket, nodesSeen++ % 2 === 0 ? 2 : 1)
  return nodes.get(socket) ?? 1
}
const nodes = new WeakMap<Socket, number>()
let nodesSeen = 0
