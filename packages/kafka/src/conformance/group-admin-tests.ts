import assert from 'node:assert/strict'
import type { Declare } from './harness.ts'
import { rejects } from './rejects.ts'

export function groupAdminTests(declare: Declare): void {
  declare('describes and lists a group, with members and without', async (harness) => {
    const { admin, topic, reader, until, name } = harness
    const [topicName, groupId] = [await topic(3), name('group')]
    const listed = async () => (await admin.listGroups()).filter((group) => group.groupId === groupId)
    assert.deepEqual(await listed(), [])
    const one = await reader([topicName], { groupId })
    await until('the assignment', () => one.owned.size === 3)
    const describe = async () => (await admin.describeGroups([groupId])).get(groupId)
    await until('the group to be stable', async () => (await describe())?.state === 'Stable')
    const stable = await describe()
    assert.equal(stable?.groupId, groupId)
    assert.equal(stable?.protocolType, 'consumer')
    assert.equal(stable?.members.length, 1)
    const [member] = stable?.members ?? []
    assert.equal(member?.clientId, 'snapstream-conformance')
    assert.equal(member?.groupInstanceId, undefined)
    assert.notEqual(member?.memberId, '')
    assert.deepEqual(
      member?.partitions.toSorted((a, b) => a.partition - b.partition),
      [0, 1, 2].map((partition) => ({ topic: topicName, partition })),
    )
    assert.deepEqual(await listed(), [{ groupId, protocolType: 'consumer' }])
    await one.consumer.commit([{ topic: topicName, partition: 0, offset: 0 }])
    await one.close()
    await until('the group to be empty', async () => (await describe())?.state === 'Empty')
    assert.deepEqual((await describe())?.members, [])
  })

  declare(
    'commits for a group from outside; the group need not exist, and its members go on from there',
    async (harness) => {
      const { admin, topic, produce, reader, until, name } = harness
      const [topicName, other, groupId] = [await topic(2), await topic(1), name('group')]
      await produce(topicName, 0, ['a', 'b', 'c'])
      await produce(topicName, 1, ['d', 'e'])
      const at = (partition: number, offset: number) => ({ topic: topicName, partition, offset })
      await admin.commit(groupId, [at(0, 2), at(1, 1)])
      assert.deepEqual(await admin.committed(groupId, [topicName, other]), [at(0, 2), at(1, 1)])
      assert.deepEqual((await admin.describeGroups([groupId])).get(groupId)?.members, [])
      const first = await reader([topicName], { groupId })
      await until('the records', () => first.records.length === 2)
      assert.deepEqual(new Set(first.values()), new Set(['c', 'e']))
      await first.close()
      await until('the group to be empty', async () => {
        const described = await admin.describeGroups([groupId])
        return described.get(groupId)?.members.length === 0
      })
      await admin.commit(groupId, [at(1, 0)])
      assert.deepEqual(await admin.committed(groupId, [topicName]), [at(0, 2), at(1, 0)])
      const second = await reader([topicName], { groupId })
      await until('the records', () => second.records.length === 3)
      assert.deepEqual(new Set(second.values()), new Set(['c', 'd', 'e']))
    },
  )

  declare('does not delete a group that has members', async ({ admin, topic, reader, until, name }) => {
    const [topicName, groupId] = [await topic(1), name('group')]
    const one = await reader([topicName], { groupId })
    await until('the assignment', () => one.owned.size === 1)
    await rejects('GROUP_NOT_EMPTY', groupId, () =>
      admin.commit(groupId, [{ topic: topicName, partition: 0, offset: 0 }]),
    )
    await rejects('GROUP_NOT_EMPTY', groupId, () => admin.deleteGroups([groupId]))
    assert.equal(one.error(), undefined)
    assert.deepEqual(await admin.committed(groupId, [topicName]), [])
  })

  declare('deletes a group and what it committed', async ({ admin, topic, name }) => {
    const [topicName, groupId] = [await topic(1), name('group')]
    await admin.commit(groupId, [{ topic: topicName, partition: 0, offset: 0 }])
    await admin.deleteGroups([groupId])
    assert.deepEqual(await admin.committed(groupId, [topicName]), [])
    assert.ok(!(await admin.listGroups()).some((group) => group.groupId === groupId))
  })

  declare('names a group that does not exist, and a topic that offsets are committed in', async (harness) => {
    const { admin, name } = harness
    const [groupId, topicName] = [name('group'), name('missing')]
    await rejects('GROUP_MISSING', groupId, () => admin.describeGroups([groupId]))
    await rejects('GROUP_MISSING', groupId, () => admin.deleteGroups([groupId]))
    await rejects('TOPIC_MISSING', topicName, () =>
      admin.commit(groupId, [{ topic: topicName, partition: 0, offset: 0 }]),
    )
  })
}
