import { INT32_MAX } from '../conf/setting-table.ts'
import type { NewTopic } from '../driver/driver.ts'

/** How to create a topic. Values that are left out are the broker's defaults. */
export interface TopicCreation {
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
  '{ partitions, replicationFactor, config }: whole numbers from 1 (to 2147483647 and 32767), and an object of strings, numbers and booleans'

export function isTopicCreation(value: unknown): value is TopicCreation {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(value).every(([name, content]) => {
    if (content === undefined) return name === 'config' || MOST.has(name)
    return name === 'config'
      ? isConfig(content)
      : Number.isSafeInteger(content) && content >= 1 && content <= (MOST.get(name) ?? 0)
  })
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

/** Turns the options into those of a driver, whose `config` holds strings only. */
export function newTopic(topic: string, { config, partitions, replicationFactor }: TopicCreation): NewTopic {
  return {
    topic,
    ...(partitions === undefined ? {} : { partitions }),
    ...(replicationFactor === undefined ? {} : { replicationFactor }),
    ...(config === undefined
      ? {}
      : { config: Object.fromEntries(Object.entries(config).map(([name, value]) => [name, String(value)])) }),
  }
}
