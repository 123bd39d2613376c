import assert from 'node:assert/strict'
import type { Declare } from './harness.ts'
import { producerSettings, record, sleep } from './harness.ts'
import { assertError, rejects } from './rejects.ts'

export function closeTests(declare: Declare): void {
  declare('close ends a pending poll; later polls resolve at once; a second close has no effect', async (harness) => {
    const { topic, consumer, name } = harness
    const topicName = await topic(1)
    for (const groupId of [name('group'), null]) {
      const one = await consumer([topicName], { groupId })
      const polled = one.poll()
      await sleep(50)
      await Promise.all([one.close(), one.close()])
      assert.equal(await polled, undefined)
      assert.equal(await one.poll(), undefined)
      await one.close()
    }
  })

  declare('close while joining', async ({ topic, client, settings, name, consumer, produce }) => {
    const [topicName, groupId] = [await topic(1), name('group')]
    await produce(topicName, 0, ['a'])
    for (let i = 0; i < 12; i++) {
      const one = await client.consumer(settings([topicName], { groupId }))
      await sleep(i * 2)
      await one.close()
    }
    // The group has no dead member left that others would wait for.
    const started = performance.now()
    const last = await consumer([topicName], { groupId })
    assert.equal((await last.poll())?.length, 1)
    const took = performance.now() - started
    assert.ok(took < 3000, `joining took ${took} ms`)
  })

  declare('close is quick, and others take over at once', async (harness) => {
    const { topic, produce, reader, until, name } = harness
    const [topicName, groupId] = [await topic(1), name('group')]
    const first = await reader([topicName], { groupId, fetchMaxWaitMs: 5000 })
    await until('the assignment', () => first.owned.size === 1)
    await sleep(200)
    const started = performance.now()
    await first.close()
    const took = performance.now() - started
    assert.ok(took < 1000, `closing took ${took} ms`)
    assert.ok(!first.events.includes('revoked'), 'close must not call revoked')
    const second = await reader([topicName], { groupId })
    await produce(topicName, 0, ['a'])
    await until('the record', () => second.records.length === 1)
    assert.ok(performance.now() - started < 5000)
  })

  declare('close while revoked is pending', async ({ topic, reader, until, name }) => {
    const [topicName, groupId] = [await topic(2), name('group')]
    const first = await reader([topicName], { groupId, revoked: () => new Promise(() => {}) })
    await until('the assignment', () => first.owned.size === 2)
    const second = await reader([topicName], { groupId })
    await until('revoked', () => first.events.includes('revoked...'))
    await first.close()
    await until('the takeover', () => second.owned.size === 2)
  })

  declare('close while assigned is pending', async ({ topic, reader, until, name }) => {
    const [topicName, groupId] = [await topic(1), name('group')]
    let asked = false
    const first = await reader([topicName], {
      groupId,
      assigned: () => {
        asked = true
        return new Promise(() => {})
      },
    })
    await until('assigned', () => asked)
    const started = performance.now()
    await first.close()
    const second = await reader([topicName], { groupId })
    await until('the takeover', () => second.owned.size === 1)
    assert.ok(performance.now() - started < 3000)
  })

  declare('an error in assigned or revoked ends the consumer with it', async (harness) => {
    const { topic, reader, until, name } = harness
    const [topicName, groupId] = [await topic(2), name('group')]
    const failed = await reader([topicName], {
      groupId,
      assigned: () => Promise.reject(new TypeError('assigned broke')),
    })
    await until('the error', failed.error)
    assert.equal(failed.error()?.message, 'assigned broke')
    const first = await reader([topicName], { groupId, revoked: () => Promise.reject(new TypeError('revoked broke')) })
    await until('the assignment', () => first.owned.size === 2)
    const second = await reader([topicName], { groupId })
    await until('the error', first.error)
    assert.equal(first.error()?.message, 'revoked broke')
    await until('the takeover', () => second.owned.size === 2)
  })

  declare('a closed producer answers and sends nothing; a second close has no effect', async (harness) => {
    const { client, topic, admin, name } = harness
    const topicName = await topic(1)
    const producer = await client.producer(producerSettings({ idempotence: true }))
    const batch = () => ({ topic: topicName, partition: 0, records: [record('x')] })
    // A request under way is answered before the producer closes, or it is not sent.
    const sending = producer.send([batch()])
    await Promise.all([producer.close(), producer.close()])
    const [first] = await sending
    const [second] = await producer.send([batch()])
    assertError('NOT_OPEN', 'producer', second?.error)
    assert.ok(second?.error && !second.retriable)
    await rejects('NOT_OPEN', 'producer', () => producer.partitions(name('any')))
    assert.equal((await admin.offsets(topicName, 'latest'))[0]?.offset, first?.error ? 0 : 1)
  })

  declare('a closed admin rejects; a second close has no effect', async ({ client }) => {
    const admin = await client.admin()
    await admin.listTopics()
    await Promise.all([admin.close(), admin.close()])
    await rejects('NOT_OPEN', 'closed', () => admin.listTopics())
    await rejects('NOT_OPEN', 'closed', () => admin.listGroups())
  })

  declare('a topic that is deleted while it is read ends the consumer with TOPIC_MISSING', async (harness) => {
    const { admin, topic, produce, reader, until, name } = harness
    for (const groupId of [name('group'), null]) {
      const topicName = await topic(1)
      await produce(topicName, 0, ['a'])
      const { records, error } = await reader([topicName], { groupId })
      await until('the record', () => records.length === 1)
      await admin.deleteTopics([topicName])
      await until('the error', error)
      assertError('TOPIC_MISSING', topicName, error())
    }
  })
}
