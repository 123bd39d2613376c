import type { RawRequests } from '../protocol/connection.ts'
import { protocolError } from '../errors/kafka-error.ts'
import { call } from './api.ts'
import type { Api } from './api.ts'

/** The settings of a topic in an answer to DescribeConfigs. */
interface Described {
  readonly errorCode: number
  readonly message: string | undefined
  readonly topic: string
  readonly settings: readonly Setting[]
}

interface Setting {
  readonly name: string
  /** Undefined for a secret. */
  readonly value: string | undefined
  readonly source: number
}

/** Kafka's number of a resource that is a topic, and of a setting that was made for the topic itself. */
const TOPIC = 2
const OF_THE_TOPIC = 1

export const DESCRIBE_CONFIGS: Api<
  { readonly topics: readonly string[] },
  { readonly described: readonly Described[] }
> = {
  name: 'DescribeConfigs',
  key: 32,
  // Version 1 tells where a setting was made.
  versions: [1, 4],
  flexibleSince: 4,
  write(to, { topics }, version) {
    to.array(topics, (topic) => {
      to.int8(TOPIC)
      to.string(topic)
      // All settings: null in place of their names.
      if (version >= 4) to.int8(0)
      else to.int32(-1)
      to.tags()
    })
    // Neither synonyms nor documentation.
    to.int8(0)
    if (version >= 3) to.int8(0)
    to.tags()
  },
  read(from, version) {
    const throttleMs = from.int32()
    const described = from.array(() => {
      const errorCode = from.int16()
      const message = from.nullableString()
      from.int8()
      const topic = from.string()
      const settings = from.array(() => {
        const name = from.string()
        const value = from.nullableString()
        // Whether it can be changed.
        from.int8()
        const source = from.int8()
        // Whether it is a secret.
        from.int8()
        from.array(() => {
          from.string()
          from.nullableString()
          from.int8()
          from.tags()
        })
        if (version >= 3) {
          // Its type and its documentation.
          from.int8()
          from.nullableString()
        }
        from.tags()
        return { name, value, source }
      })
      from.tags()
      return { errorCode, message, topic, settings }
    })
    return { throttleMs, described }
  },
}

/** The settings that were made for topics themselves, by topic and name. Rejects with the error of the first that has one. */
export async function topicConfigs(
  connection: RawRequests,
  topics: readonly string[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const { described } = await call(connection, DESCRIBE_CONFIGS, { topics })
  return new Map(
    described.map(({ errorCode, message, topic, settings }) => {
      if (errorCode !== 0) throw protocolError(errorCode, message)
      const own = settings.flatMap(({ name, value, source }) =>
        source === OF_THE_TOPIC && value !== undefined ? [[name, value] as const] : [],
      )
      return [topic, Object.fromEntries(own)]
    }),
  )
}
