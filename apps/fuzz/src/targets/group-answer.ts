import { SnapstreamError } from '@snapstream/core'
import {
  assignment,
  committed,
  fetched,
  joined,
  listed,
  metadata,
  offsetFetched,
  synced,
} from '@snapstream/kafka/src/conformance/fake-answers.ts'
import { startFakeBroker } from '@snapstream/kafka/src/conformance/fake-broker.ts'
import { kafkajsConnect } from '@snapstream/kafka/src/kafkajs/kafkajs-driver.ts'
import { topicMetadata } from '@snapstream/kafka/src/wire/cluster/metadata.ts'
import { decodeAssignment, decodeSubscription } from '@snapstream/kafka/src/wire/group/consumer-protocol.ts'
import type { Connection } from '@snapstream/kafka/src/wire/protocol/connection.ts'
import { openConnection } from '@snapstream/kafkats/src/open-connection.ts'
import type { Target } from '../target.ts'

const settings = { brokers: [], clientId: 'c', connectTimeoutMs: 5000, requestTimeoutMs: 5000 }
const member = { groupId: 'g', memberId: 'm', groupInstanceId: undefined, generationId: 1 }
const at = { topic: 't', partition: 0 }
const join = { ...member, sessionTimeoutMs: 1000, rebalanceTimeoutMs: 1000, protocols: [] }

/** Requests of a group member, each with a well-formed response for both drivers. */
const REQUESTS: readonly {
  readonly good: (version: number) => Buffer
  readonly versions: readonly [kafkajs: number, kafkats: number]
  readonly ask: (connection: Connection) => Promise<unknown>
}[] = [
  {
    good: () => joined({ leaderId: 'member-1', members: [assignment()] }),
    versions: [5, 5],
    ask: async (connection) => {
      const { members } = await connection.joinGroup(join)
      for (const { metadata: said } of members) decodeSubscription(said)
    },
  },
  {
    good: () => synced(assignment()),
    versions: [3, 3],
    ask: async (connection) =>
      decodeAssignment((await connection.syncGroup({ ...member, assignments: [] })).assignment),
  },
  {
    good: () => Buffer.alloc(6),
    versions: [3, 3],
    ask: (connection) => connection.heartbeat(member),
  },
  {
    good: (version) => offsetFetched(version, { offset: 5 }),
    versions: [4, 7],
    ask: (connection) => connection.offsetFetch({ groupId: 'g', partitions: [at] }),
  },
  {
    good: (version) => committed(version),
    versions: [5, 7],
    ask: (connection) => connection.offsetCommit({ ...member, offsets: [{ ...at, offset: 1 }] }),
  },
  {
    good: (version) => listed(version),
    versions: [3, 5],
    ask: (connection) => connection.listOffsets({ readCommitted: false, partitions: [{ ...at, timestamp: -1 }] }),
  },
  {
    good: () => metadata(9092, { partitions: [{}, { partition: 1 }] }),
    versions: [6, 6],
    ask: (connection) => topicMetadata((names) => connection.metadata(names)).request(['t']),
  },
  {
    good: () => fetched({ records: Buffer.alloc(70, 1) }),
    versions: [11, 11],
    ask: (connection) =>
      connection.fetch({
        maxWaitMs: 1,
        maxBytes: 1000,
        readCommitted: true,
        rackId: '',
        partitions: [{ ...at, offset: 0, maxBytes: 1000 }],
      }),
  },
]
const DRIVERS = 2

/** Responses of a group coordinator through both drivers. The first byte of an input selects the driver and the request. */
export const groupAnswer: Target = {
  name: 'group-answer',
  about: 'responses to JoinGroup, SyncGroup, OffsetCommit and others, with subscriptions and assignments',
  seeds: () =>
    REQUESTS.flatMap(({ good, versions }, i) =>
      versions.map((version, driver) => Buffer.concat([Buffer.from([i * DRIVERS + driver]), good(version)])),
    ),
  async open(planted) {
    let body: Buffer = Buffer.alloc(0)
    const say = () => body
    const answers = {
      JoinGroup: say,
      SyncGroup: say,
      Heartbeat: say,
      OffsetFetch: say,
      OffsetCommit: say,
      ListOffsets: say,
      Metadata: say,
      Fetch: say,
    }
    const { port } = await startFakeBroker({ answers })
    const address = { nodeId: 1, host: '127.0.0.1', port }
    const { signal } = new AbortController()
    const encode = () => Buffer.alloc(0)
    const drivers = [
      await kafkajsConnect(settings)(address, signal),
      await openConnection(address, { settings, encode, checkWith: undefined, signal }),
    ]
    return async (input) => {
      const choice = input[0] ?? 0
      const { ask } = REQUESTS[(choice >> 1) % REQUESTS.length]!
      body = Buffer.from(input.subarray(1))
      try {
        // Deliberate bug: a count is read without a check of the length.
        if (planted) body.readInt32BE(8)
        await ask(drivers[choice % DRIVERS]!)
        return `${choice % 16} ok`
      } catch (error) {
        // A connection rejects with the plain error code of a broker; its caller makes a SnapstreamError of it.
        const { errorCode } = error as { readonly errorCode?: number }
        if (errorCode !== undefined) return `${choice % 16} error ${errorCode}`
        if (!SnapstreamError.is(error)) throw error
        return `${choice % 16} ${error.code} ${error.message.replaceAll(/".*?"|-?\d+/g, 'n').slice(0, 80)}`
      }
    }
  },
}
