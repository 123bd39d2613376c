import { createApp } from '@snapstream/core'
import type { Source } from '@snapstream/core'
import { expect, test } from 'vitest'
import type { KafkaConf } from '../conf/kafka-conf.ts'
import { memory } from '../memory/index.ts'
import { Topic } from '../topic/topic.ts'

const driver = memory()
const conf = { driver }
const create = { partitions: 1 }
await Topic('in', { create, conf }).open()

/** The error of a stream from a source to an exactly-once topic. */
async function refusal(source: Source<unknown>, outConf: KafkaConf = conf): Promise<string> {
  const app = createApp()
  app.snap(source, { sink: [Topic('out', { create, exactlyOnce: true, conf: outConf })] })(() => 'x')
  return app.stream().then(
    () => 'nothing',
    (error: Error) => error.message,
  )
}

test('a source without a position in a group is refused, with a way out', async () => {
  expect(await refusal(['a'])).toBe(
    'the topic "out" is exactlyOnce and gets values from a source that is no topic with a group (an array of 1); its position ' +
      'cannot be part of a transaction. Set exactlyOnce: false on the topic, or write the source to a topic first',
  )
  expect(await refusal(Topic('in', { conf }).slice())).toContain('a source that is no topic with a group')
  expect(await refusal(Topic('in', { groupId: null, until: 'end', conf }))).toBe(
    'the topic "out" is exactlyOnce and gets values from the topic "in", which is read without a group; give the topic ' +
      '"in" a groupId, or set exactlyOnce: false',
  )
})

test('a source of another cluster, or one that reads aborted records, is refused', async () => {
  const elsewhere = Topic('in', { groupId: 'g', create, until: 'end', conf: { driver: memory() } })
  expect(await refusal(elsewhere)).toContain(
    'gets values from the topic "in" of another cluster; a transaction belongs',
  )
  const uncommitted = Topic('in', { groupId: 'g', until: 'end', conf: { ...conf, isolationLevel: 'read_uncommitted' } })
  expect(await refusal(uncommitted)).toContain("read with isolationLevel 'read_uncommitted'; records of aborted")
})

test('settings of the producer that transactions do not allow are refused', async () => {
  const source = Topic('in', { groupId: 'g', until: 'end', conf })
  expect(await refusal(source, { ...conf, acks: 1 })).toBe(
    `exactlyOnce of Topic("out") needs acks 'all', and acks is 1; leave one of them out`,
  )
  const app = createApp()
  const sink = [5, 6].map((lingerMs) =>
    Topic(`out${lingerMs}`, { create, exactlyOnce: true, conf: { ...conf, lingerMs } }),
  )
  app.snap(source, { sink })(() => 'x')
  await expect(app.stream()).rejects.toThrow(
    'the topics "out5" and "out6" are exactlyOnce and have other brokers or settings of the producer',
  )
})

test('two bindings cannot read one source into exactly-once topics', async () => {
  const app = createApp()
  const source = Topic('in', { groupId: 'g', until: 'end', conf })
  for (const name of ['out', 'out2'])
    app.snap(source, { sink: [Topic(name, { create, exactlyOnce: true, conf })] })(() => 'x')
  await expect(app.stream()).rejects.toMatchObject({ code: 'USAGE' })
})
