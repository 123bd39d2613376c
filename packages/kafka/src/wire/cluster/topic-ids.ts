import type { RawRequests } from '../protocol/connection.ts'
import type { ByteReader } from '../protocol/byte-reader.ts'
import { call } from './api.ts'
import type { Api } from './api.ts'

/** A topic in an answer to Metadata. */
interface TopicId {
  readonly topic: string | undefined
  readonly id: string
}

/** Metadata, as far as it tells the ids of topics, which client libraries do not all read. */
export const TOPIC_IDS: Api<{ readonly topics: readonly string[] }, { readonly topics: readonly TopicId[] }> = {
  name: 'Metadata',
  key: 3,
  // Brokers know ids since Kafka 2.8.
  versions: [11, 12],
  flexibleSince: 9,
  write(to, { topics }) {
    to.array(topics, (topic) => {
      // No id: the topic is asked for by its name.
      for (let i = 0; i < 4; i++) to.int32(0)
      to.string(topic)
      to.tags()
    })
    // Neither creates topics nor asks for the operations that are allowed.
    to.int8(0)
    to.int8(0)
    to.tags()
  },
  read(from) {
    const throttleMs = from.int32()
    from.array(() => {
      // Node id, host, port and rack.
      from.int32()
      from.string()
      from.int32()
      from.nullableString()
      from.tags()
    })
    // The id of the cluster, and its controller.
    from.nullableString()
    from.int32()
    const topics = from.array(() => {
      from.int16()
      const one = { topic: from.nullableString(), id: uuid(from) }
      from.int8()
      from.array(() => {
        from.int16()
        // The number, the leader and its epoch; then the replicas, those in sync, and those that are offline.
        for (let i = 0; i < 3; i++) from.int32()
        for (let i = 0; i < 3; i++) from.array(from.int32)
        from.tags()
      })
      from.int32()
      from.tags()
      return one
    })
    return { throttleMs, topics }
  },
}

function uuid(from: ByteReader): string {
  let hex = ''
  for (let i = 0; i < 4; i++) hex += (from.int32() >>> 0).toString(16).padStart(8, '0')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

const NO_ID = '00000000-0000-0000-0000-000000000000'

/** The ids of topics, by name. Missing topics, and those of brokers without ids, are left out. */
export async function topicIds(
  connection: RawRequests,
  topics: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { key, versions } = TOPIC_IDS
  if ((connection.versions(key)?.max ?? 0) < versions[0]) return new Map()
  const found = await call(connection, TOPIC_IDS, { topics })
  return new Map(
    found.topics.flatMap(({ topic, id }) => (topic === undefined || id === NO_ID ? [] : [[topic, id] as const])),
  )
}
