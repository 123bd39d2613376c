import { kafkats } from '@snapstream/kafkats'
import type { KafkaConf } from '@snapstream/kafka'
import * as byKafkajs from '../../kafka/by-kafkajs.ts'
import * as byKafkats from '../../kafka/by-kafkats.ts'
import * as byPlatformatic from '../../kafka/by-platformatic.ts'
import { opened } from '../../kafka/by-topic.ts'
import { recordsOf } from '../../kafka/message.ts'
import type { Output } from '../../kafka/output-trial.ts'
import { writeTrial } from '../../kafka/write-trial.ts'
import type { Written } from '../../kafka/write-trial.ts'
import { installPeer } from '../../peers/npm-peer.ts'
import type { Case, Outcome, Suite } from '../../suite.ts'
import { windowed } from './windowed.ts'

type Input = Written & Output
type Messages = { key: string; value: string; partition: number }[]
type Producing = (input: Input) => Promise<(messages: Messages) => Promise<unknown>>

/** For each send. */
const BATCH = 1000
/** The most sends, or calls of a topic, in flight. */
const SENDS = 4
const CALLS = 20_000
const FEW = 100

function* batches({ partitions, ...shape }: Input, size: number): Generator<Messages> {
  let batch: Messages = []
  let i = 0
  for (const [key, value] of recordsOf({ partitions, ...shape })) {
    batch.push({ key, value, partition: i++ % partitions })
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

async function timed({ records }: Input, work: () => Promise<void>): Promise<Outcome> {
  const started = performance.now()
  await work()
  return { messages: records, ms: performance.now() - started }
}

const byHand =
  (producing: Producing, size: number, limit: number) =>
  async (input: Input): Promise<Outcome> => {
    const send = await producing(input)
    return timed(input, () => windowed(batches(input, size), limit, send))
  }

const byTopic =
  (driver: KafkaConf['driver'], limit: number) =>
  async (input: Input): Promise<Outcome> => {
    const topic = await opened(input, driver)
    return timed(input, () => windowed(recordsOf(input), limit, ([key, value]) => topic(value, { key })))
  }

/** Sends of `size` records by hand, `sends` at once, beside up to `calls` calls of a topic that are not awaited. */
const contestants = (size: number, sends: number, calls: number): Case['contestants'] => [
  { name: 'kafkajs', run: byHand(byKafkajs.producing, size, sends) },
  { name: '@kafkats/client', run: byHand(byKafkats.producing, size, sends) },
  {
    name: '@platformatic/kafka',
    run: byHand(byPlatformatic.producingTexts, size, sends),
    install: (log) => installPeer('@platformatic/kafka', log),
  },
  { name: 'Topic over kafkajs', run: byTopic(undefined, calls) },
  { name: 'Topic over kafkats', run: byTopic(kafkats(), calls) },
]

const many: Case = {
  name: 'many',
  about: `Topic: calls of topic(value), up to ${CALLS} in flight. Clients: sends of ${BATCH} records, ${SENDS} in flight, with the partitions given`,
  contestants: contestants(BATCH, SENDS, CALLS),
  ratios: [
    { of: 'Topic over kafkajs', to: 'kafkajs', atLeast: 0.95 },
    { of: 'Topic over kafkats', to: '@kafkats/client', atLeast: 0.95 },
  ],
  begin: (input: Written, arena) => writeTrial(input, arena),
  input: (arena) => ({ records: arena.count(200_000, 2_000_000) }),
}

const few: Case = {
  name: 'few',
  about: `${FEW} records in flight, each sent by a call of its own`,
  contestants: contestants(1, FEW, FEW),
  ratios: [
    { of: 'Topic over kafkajs', to: 'kafkajs', atLeast: 5 },
    { of: 'Topic over kafkats', to: '@kafkats/client', atLeast: 5 },
  ],
  begin: (input: Written, arena) => writeTrial(input, arena),
  input: (arena) => ({ records: arena.count(20_000, 200_000) }),
}

export const produce: Suite = {
  name: 'produce',
  about: 'writing to a topic, until everything is acknowledged',
  cases: [many, few],
}
