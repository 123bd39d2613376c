import { createApp } from '@snapstream/core'
import { Topic, replay } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'
import { ODD_TOPIC, oddRecords } from '@snapstream/kafka/conformance'
import { describe, expect, test } from 'vitest'
import { beside } from './beside.ts'
import { drivers } from './drivers.ts'
import { expectContent, expectSame } from './expect-same.ts'
import { javaClient } from './java-client.ts'
import { headerLines, timestampLine, toBase64OrNull } from './record-line.ts'
import type { ReadLine, RecordLine } from './record-line.ts'
import { bytesTopic, readTopic, writeTopic } from './topic-io.ts'

const SEED = 20_260_102
/** Timestamps that Java's producer accepts: none before 1970, and none missing. */
const TIMES = [0, 1, '1796024387239123457', '9223372036854775807', '9007199254740993', 1_796_024_387_239]

const fromJava: readonly RecordLine[] = TIMES.map((timestamp, i) => ({
  partition: i % 3,
  key: i === 0 ? null : 'aw==',
  value: i === 1 ? '' : 'dg==',
  headers: [
    ['trace', null],
    ['trace', ''],
    ['trace', 'AP8='],
    ['snapstream.topic', 'cGF5bWVudHM='],
    ['', null],
  ],
  timestamp,
}))
const anything: readonly RecordLine[] = oddRecords(2000, SEED).map(({ key, value, headers, timestamp }, i) => ({
  partition: i % 3,
  key: toBase64OrNull(key),
  value: toBase64OrNull(value),
  headers: headerLines(headers),
  timestamp: timestampLine(timestamp),
}))

describe("unusual records, compared with Java's client", () => {
  const { brokers, topics, client: java } = beside(javaClient)

  describe.each(drivers.map((driver) => [driver.name, driver] as const))('%s', (_, driver) => {
    const conf: KafkaConf = { brokers, driver }

    test('records from Java survive reading, forwarding, dead-lettering and replaying', async () => {
      const [input, output] = [await topics.create(ODD_TOPIC), await topics.create(ODD_TOPIC)]
      await java().produce(input, fromJava)
      const read = await java().consume(input)
      expectContent(read, fromJava)
      expectSame(await readTopic(input, conf), read)
      await forward(input, output, conf)
      expectSame(await java().consume(output), read)
      await buryAndReplay(input, await topics.create(ODD_TOPIC), conf)
      expectContent(await java().consume(input), [...fromJava, ...fromJava])
    })

    test(`Java and Snapstream read the same from 2000 random records of Snapstream (seed ${SEED})`, async () => {
      const topic = await topics.create(ODD_TOPIC)
      await writeTopic(topic, anything, conf)
      const read = await java().consume(topic)
      expectContent(read, anything)
      expectSame(await readTopic(topic, conf), read)
      await buryAndReplay(topic, await topics.create(ODD_TOPIC), conf)
      expectContent(await java().consume(topic), [...anything, ...anything])
    })

    test('Java reads a header name with invalid UTF-8 the same before and after a replay', async () => {
      const [topic, dead] = [await topics.create(ODD_TOPIC), await topics.create(ODD_TOPIC)]
      await using output = Topic(topic, { conf })
      await output.open()
      const headers = Uint8Array.from([4, 4, 0xc3, 0x28, 2, 0x76, 2, 0x6e, 1])
      await output('v', { key: 'k', headers, partition: 2, timestamp: 1n << 60n })
      const shown = (await java().consume(topic)) as [ReadLine]
      expect(shown).toEqual([
        {
          partition: 2,
          offset: 0,
          key: 'aw==',
          value: 'dg==',
          headers: [
            ['\ufffd(', 'dg=='],
            ['n', null],
          ],
          timestamp: String(2n ** 60n),
        },
      ])
      await buryAndReplay(topic, dead, conf)
      expect(await java().consume(topic)).toEqual([...shown, { ...shown[0], offset: 1 }])
      // The dead letter has no such name, so every client can read it.
      const [letter] = await java().consume(dead)
      expect(letter?.headers.map(([name]) => name)).toEqual([
        'n',
        'snapstream.error.code',
        'snapstream.error.message',
        'snapstream.binding',
        'snapstream.attempts',
        'snapstream.topic',
        'snapstream.partition',
        'snapstream.offset',
        'snapstream.timestamp',
        'snapstream.headers',
      ])
      expect(letter?.headers.at(-1)).toEqual(['snapstream.headers', toBase64OrNull(headers)])
    })
  })
})

/** Copies each record to the same partition with the same headers. Its timestamp is forwarded by default. */
async function forward(input: string, output: string, conf: KafkaConf): Promise<void> {
  const app = createApp()
  app.snap(bytesTopic(input, { groupId: null, until: 'end', conf }), { sink: [bytesTopic(output, { conf })] })(
    ({ key, value, headers, partition }) => [key, value, { headers, partition }],
  )
  await app.stream({})
}

async function buryAndReplay(input: string, dead: string, conf: KafkaConf): Promise<void> {
  const app = createApp()
  const deadLetters = Topic(dead, { conf })
  app.snap(bytesTopic(input, { groupId: null, until: 'end', conf }), { onError: { deadLetter: deadLetters } })(() => {
    throw new Error('no')
  })
  await app.stream({})
  await replay(deadLetters, { partition: 'original', targets: [input] })
}
