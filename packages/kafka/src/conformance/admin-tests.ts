import assert from 'node:assert/strict'
import type { Declare } from './harness.ts'
import { record } from './harness.ts'
import { assertError, assertWritten, rejects } from './rejects.ts'

export function adminTests(declare: Declare): void {
  declare('creates, lists, describes and deletes topics', async ({ admin, topic, until }) => {
    const [one, three] = [await topic(1), await topic(3)]
    const listed = await admin.listTopics()
    assert.ok(listed.includes(one) && listed.includes(three))
    const described = await admin.describeTopics([one, three])
    assert.deepEqual([...described.keys()].toSorted(), [one, three].toSorted())
    assert.deepEqual(
      described.get(three)?.map(({ partition }) => partition),
      [0, 1, 2],
    )
    const [only] = described.get(one) ?? []
    assert.equal(typeof only?.leader, 'number')
    assert.deepEqual([only?.replicas, only?.inSyncReplicas], [[only?.leader], [only?.leader]])
    await admin.deleteTopics([one])
    await until('the deleted topic to be gone', async () => !(await admin.listTopics()).includes(one))
  })

  declare('leaves a topic that exists as it is', async ({ admin, topic, produce }) => {
    const name = await topic(2)
    await produce(name, 1, ['a'])
    await admin.createTopics([{ topic: name, partitions: 5, replicationFactor: 1 }])
    assert.equal((await admin.describeTopics([name])).get(name)?.length, 2)
    assert.equal((await admin.offsets(name, 'latest'))[1]?.offset, 1)
  })

  declare('tells the settings that topics were created with', async ({ admin, topic }) => {
    if (admin.topicConfigs === undefined) return
    const plain = await topic(1)
    const name = `${plain}-settings`
    const config = { 'retention.ms': '86400000', 'cleanup.policy': 'compact' }
    await admin.createTopics([{ topic: name, partitions: 1, replicationFactor: 1, config }])
    try {
      const configs = await admin.topicConfigs([plain, name])
      assert.deepEqual(configs.get(name), config)
      assert.equal(configs.get(plain)?.['retention.ms'], undefined)
    } finally {
      await admin.deleteTopics([name])
    }
  })

  declare('a created topic can be written to and read at once', async ({ topic, produce, reader, until }) => {
    for (let i = 0; i < 5; i++) {
      const name = await topic(1)
      await produce(name, 0, ['a'])
      const { records } = await reader([name], { groupId: null })
      await until('the record', () => records.length === 1)
    }
  })

  declare('answers with the offsets of each partition', async ({ admin, topic, produce }) => {
    const name = await topic(2)
    await produce(name, 1, ['a', 'b', 'c'])
    assert.deepEqual(await admin.offsets(name, 'earliest'), [
      { topic: name, partition: 0, offset: 0 },
      { topic: name, partition: 1, offset: 0 },
    ])
    assert.deepEqual(await admin.offsets(name, 'latest'), [
      { topic: name, partition: 0, offset: 0 },
      { topic: name, partition: 1, offset: 3 },
    ])
  })

  declare('answers with the offsets that belong to a timestamp', async ({ admin, topic, producer }) => {
    const name = await topic(2)
    const now = Date.now()
    const records = [0, 1000, 1000, 2000].map((ms) => record('x', { timestamp: now + ms }))
    assertWritten(await producer.send([{ topic: name, partition: 1, records }]))
    const at = async (timestamp: number) => (await admin.offsets(name, timestamp)).map(({ offset }) => offset)
    for (const [ms, expected] of [
      [-5000, 0],
      [0, 0],
      [1, 1],
      [1000, 1],
      [2000, 3],
    ] as const)
      assert.deepEqual(await at(now + ms), [0, expected], `${ms} ms`)
    // All records have earlier timestamps: the answer is the end.
    assert.deepEqual(await at(now + 2001), [0, 4])
  })

  declare('creates a topic with a config that takes effect', async ({ admin, producer, name }) => {
    const topic = name('topic')
    await admin.createTopics([
      {
        topic,
        partitions: 1,
        replicationFactor: 1,
        config: { 'max.message.bytes': '1000', 'cleanup.policy': 'delete' },
      },
    ])
    try {
      const [result] = await producer.send([{ topic, partition: 0, records: [record('x'.repeat(2000))] }])
      assertError('RECORD_TOO_LARGE', topic, result?.error)
      assert.ok(result?.error && !result.retriable)
      assertWritten(await producer.send([{ topic, partition: 0, records: [record('x')] }]))
    } finally {
      await admin.deleteTopics([topic])
    }
  })

  declare('a group that has committed nothing has no offsets', async ({ admin, topic, name }) => {
    assert.deepEqual(await admin.committed(name('group'), [await topic(2)]), [])
  })

  declare('names a topic that does not exist', async ({ admin, client, producer, settings, name }) => {
    const missing = name('missing')
    await rejects('TOPIC_MISSING', missing, () => admin.describeTopics([missing]))
    await rejects('TOPIC_MISSING', missing, () => admin.deleteTopics([missing]))
    await rejects('TOPIC_MISSING', missing, () => admin.offsets(missing, 'latest'))
    await rejects('TOPIC_MISSING', missing, () => producer.partitions(missing))
    await rejects('TOPIC_MISSING', missing, () => client.consumer(settings([missing])))
    await rejects('TOPIC_MISSING', missing, () => client.consumer(settings([missing], { groupId: null })))
    assert.ok(!(await admin.listTopics()).includes(missing), 'asking for a topic must not create it')
  })
}
