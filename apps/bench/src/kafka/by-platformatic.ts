import { randomUUID } from 'node:crypto'
import { loadPeer } from '../peers/npm-peer.ts'
import type { Outcome } from '../suite.ts'
import { transform } from './message.ts'
import type { Message } from './message.ts'
import type { Output } from './output-trial.ts'
import { COMMIT_MS, FETCH_BYTES } from './settings.ts'
import { stopwatch } from './stopwatch.ts'
import type { Load } from './topic-load.ts'

interface Read {
  readonly key: Buffer
  readonly value: Buffer
  readonly partition: number
}
interface Sent {
  readonly topic: string
  readonly key: Buffer
  readonly value: Buffer
  readonly partition: number
}
interface Consumer {
  consume(options: object): Promise<AsyncIterable<Read> & NodeJS.EventEmitter>
}
interface Producer {
  send(options: { messages: readonly Sent[]; acks: number; idempotent: boolean }): Promise<unknown>
}
interface Platformatic {
  readonly Consumer: new (options: object) => Consumer
  readonly Producer: new (options: object) => Producer
}

/** The number of records in one send. */
const GATHERED = 1000

const load = () => loadPeer<Platformatic>('@platformatic/kafka')

async function reading({ brokers, topic }: Load, groupId: string) {
  const { Consumer } = await load()
  const consumer = new Consumer({ groupId, clientId: 'bench', bootstrapBrokers: brokers.split(',') })
  const fetching = { maxBytes: FETCH_BYTES, maxWaitTime: 250 }
  return consumer.consume({
    topics: [topic],
    autocommit: COMMIT_MS,
    mode: 'committed',
    fallbackMode: 'earliest',
    ...fetching,
  })
}

export async function consume(input: Load): Promise<Outcome> {
  const watch = stopwatch(input)
  const stream = await reading(input, randomUUID())
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject)
    stream.on('data', ({ value }: Read) => {
      if (watch.saw(1, value.length)) resolve()
    })
  })
  return watch.outcome()
}

/** Batches by count, and reads on while one send is in flight. */
export async function pipeline(input: Load & Output): Promise<void> {
  const send = await producing(input)
  let gathered: Sent[] = []
  let sending: Promise<unknown> = Promise.resolve()
  let seen = 0
  for await (const { key, value, partition } of await reading(input, input.groupId)) {
    const message = transform(JSON.parse(String(value)) as Message)
    gathered.push({ topic: input.output, key, value: Buffer.from(JSON.stringify(message)), partition })
    seen += 1
    if (gathered.length < GATHERED && seen < input.records) continue
    await sending
    sending = send(gathered)
    gathered = []
  }
}

async function producing({ brokers }: Pick<Load, 'brokers'>) {
  const { Producer } = await load()
  const producer = new Producer({ clientId: 'bench', bootstrapBrokers: brokers.split(',') })
  return (messages: readonly Sent[]) => producer.send({ messages, acks: -1, idempotent: false })
}

export async function producingTexts(input: Pick<Load, 'brokers'> & Output) {
  const send = await producing(input)
  return (messages: { key: string; value: string; partition: number }[]) =>
    send(
      messages.map(({ key, value, partition }) => ({
        topic: input.output,
        key: Buffer.from(key),
        value: Buffer.from(value),
        partition,
      })),
    )
}
