import { INT32_MAX } from '../conf/setting-table.ts'
import { isTopicName } from '../driver/topic-name.ts'

/** How to create a topic. Values that are left out are the broker's defaults. */
export interface TopicCreation {
  /**
   * Another topic, as `Topic` or by name: the new one has its number of partitions, its replicas and its settings, unless other
   * options give them. So records with the same key are in the partition with the same number, as joins need it.
   * @default none
   */
  readonly like?: string | { readonly name: string; readonly '~snapstream.source': unknown } | undefined
  /** The number of partitions. @default the broker's */
  readonly partitions?: number
  /** The number of replicas of each partition. @default the broker's */
  readonly replicationFactor?: number
  /**
   * Kafka's settings of a topic, by name: `{ 'cleanup.policy': 'compact', 'retention.ms': 86_400_000 }`.
   * @default the broker's
   */
  readonly config?: Readonly<Record<string, string | number | boolean>>
}

export const TOPIC_CREATION =
  '{ partitions, replicationFactor, config, like }: whole numbers from 1 (to 2147483647 and 32767), an object of strings, numbers and booleans, and a topic or the name of one'

export function isTopicCreation(value: unknown): value is TopicCreation {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(value).every(([name, content]) => {
    if (content === undefined) return name === 'config' || name === 'like' || MOST.has(name)
    if (name === 'like') return isTopic(content)
    return name === 'config'
      ? isConfig(content)
      : Number.isSafeInteger(content) && content >= 1 && content <= (MOST.get(name) ?? 0)
  })
}

function isTopic(value: unknown): boolean {
  if (typeof value === 'string') return isTopicName(value)
  return typeof value === 'function' && '~snapstream.source' in value && typeof value.name === 'string'
}

/** The largest numbers that the request can carry. */
const MOST: ReadonlyMap<string, number> = new Map([
  ['partitions', INT32_MAX],
  ['replicationFactor', 32_767],
])

function isConfig(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every((content) => ['string', 'number', 'boolean'].includes(typeof content))
}
