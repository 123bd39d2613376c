import { createApp } from '@snapstream/core'
import type { Codec, OnError } from '@snapstream/core'
import type { KafkaConf } from '../conf/kafka-conf.ts'
import type { TopicRecord } from '../record/topic-record.ts'
import { Topic } from '../topic/topic.ts'
import type { Harness } from './harness.ts'

/** The kinds of poison, in the order of the first records. */
export type Poison = 'undecodable' | 'throwing' | 'refused'

interface Order {
  readonly id: string
  readonly poison?: Poison
}

/** One record in this many is poison; the first is number 57 of its partition. */
const POISON_EVERY = 100
export const FIRST_POISON = 57

/** A topic in which one record in a hundred cannot be handled until the program is repaired. */
export interface PoisonedTopic {
  readonly conf: KafkaConf
  readonly names: { readonly input: string; readonly output: string; readonly dead: string }
  readonly poisoned: readonly Required<Order>[]
  readonly count: number
  /** How often a record reached the handler, and the output's codec, by its id. */
  readonly handled: Map<string, number>
  readonly encoded: Map<string, number>
  /** Reads the input to its end with one group. Rejects with the error that stops it. */
  run(onError: OnError<TopicRecord<Order>>): Promise<void>
  /** From now on every record can be handled. */
  repair(): void
  /** The ids in the output, sorted. */
  outputs(): Promise<readonly string[]>
  /** The committed offset of each partition of the input. */
  committed(): Promise<readonly number[]>
  readonly dead: Topic<string>
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })
const NO_UTF8 = 0xff

/** A second hundred begins with the second kind, and so on. */
export async function poisonedTopic(
  harness: Harness,
  conf: KafkaConf,
  options: { readonly partitions: number; readonly perPartition: number; readonly kinds: readonly Poison[] },
): Promise<PoisonedTopic> {
  const { partitions, perPartition, kinds } = options
  const names = {
    input: await harness.topic(partitions),
    output: await harness.topic(2),
    dead: await harness.topic(2),
  }
  const group = harness.name('group')
  const handled = new Map<string, number>()
  const encoded = new Map<string, number>()
  const poisoned: Required<Order>[] = []
  let repaired = false

  for (let partition = 0; partition < partitions; partition++) {
    const records = Array.from({ length: perPartition }, (_, i) => {
      const poison = i % POISON_EVERY === FIRST_POISON ? kinds[Math.floor(i / POISON_EVERY) % kinds.length] : undefined
      const order = { id: `${partition}-${i}`, ...(poison && { poison }) }
      if (poison) poisoned.push({ ...order, poison })
      const text = encoder.encode(JSON.stringify(order))
      const value = poison === 'undecodable' ? new Uint8Array([NO_UTF8, ...text]) : text
      return { key: encoder.encode(order.id), value, headers: [], timestamp: Date.now() }
    })
    const [result] = await harness.producer.send([{ topic: names.input, partition, records }])
    if (result?.error) throw result.error
  }

  const counted = (counts: Map<string, number>, { id }: Order) => counts.set(id, (counts.get(id) ?? 0) + 1)
  const inputCodec: Codec<Order> = {
    encode: (order) => encoder.encode(JSON.stringify(order)),
    decode: (bytes) =>
      JSON.parse(decoder.decode(repaired && bytes[0] === NO_UTF8 ? bytes.subarray(1) : bytes)) as Order,
  }
  const outputCodec: Codec<Order> = {
    encode(order) {
      counted(encoded, order)
      if (order.poison === 'refused' && !repaired) throw new Error('the output does not take it')
      return encoder.encode(JSON.stringify(order))
    },
    decode: (bytes) => JSON.parse(decoder.decode(bytes)) as Order,
  }
  const input = () => Topic(names.input, { groupId: group, until: 'end', codec: inputCodec, conf })
  const output = Topic(names.output, { codec: outputCodec, conf })
  const dead = Topic(names.dead, { conf })

  return {
    conf,
    names,
    poisoned,
    count: partitions * perPartition,
    handled,
    encoded,
    dead,
    async run(onError) {
      const app = createApp()
      app.snap(input(), { name: 'poisoned', sink: [output], onError })(({ key, value }) => {
        counted(handled, value)
        if (value.poison === 'throwing' && !repaired) throw new Error('the handler does not take it')
        return [key, value]
      })
      await app.stream({})
    },
    repair() {
      repaired = true
    },
    async outputs() {
      const ids: string[] = []
      for await (const { value } of output.slice()) ids.push(value.id)
      return sorted(ids)
    },
    committed: async () => (await input().lag()).map(({ committed = 0 }) => committed),
  }
}

export const sorted = (texts: Iterable<string>): string[] => [...texts].toSorted((a, b) => (a < b ? -1 : 1))
