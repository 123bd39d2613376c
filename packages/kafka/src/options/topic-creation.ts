import { INT32_MAX } from '../conf/setting-table.ts'
import type { NewTopic } from '../driver/driver.ts'

/** How a topic is created. */
export interface TopicCreation {
  /** @default the broker's */
  readonly partitions?: number
  /** @default the broker's */
  readonly replicationFactor?: number
  /**
   * Kafka's settings of a topic by their names, such as `{ 'cleanup.policy': 'compact', 'retention.ms': 86_400_000 }`.
   * @default the broker's
   */
  readonly config?: Readonly<Record<string, string | number | boolean>>
}

export const TOPIC_CREATION =
  '{ partitions, replicationFactor, config }: whole numbers of 1 or more (2147483647 and 32767 at most), and an object of texts, numbers, true or false'

export function isTopicCreation(value: unknown): value is TopicCreation {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(value).every(([name, content]) => {
    if (content === undefined) return name === 'config' || MOST.has(name)
    return name === 'config'
      ? isConfig(content)
      : Number.isSafeInteger(content) && content >= 1 && content <= (MOST.get(name) ?? 0)
  })
}

/** What a request has room for. */
const MOST: ReadonlyMap<string, number> = new Map([
  ['partitions', INT32_MAX],
  ['replicationFactor', 32_767],
])

function isConfig(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every((content) => ['string', 'number', 'boolean'].includes(typeof content))
}

/** As a driver takes it. */
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
