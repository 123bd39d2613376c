import assert from 'node:assert/strict'
import type { Declare, Reader } from './harness.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import { sleep } from './harness.ts'

export function rebalanceTests(declare: Declare): void {
  declare('revoked is awaited before anything is assigned elsewhere; a commit in it counts', async (harness) => {
    const { admin, topic, produce, reader, until, name } = harness
    const [topicName, groupId] = [await topic(2), name('group')]
    for (const partition of [0, 1]) await produce(topicName, partition, ['a', 'b', 'c'])
    let revoking = false
    let overlap = false
    const first: Reader = await reader([topicName], {
      groupId,
      async revoked(partitions, reason) {
        assert.equal(reason, 'revoked')
        revoking = true
        await sleep(400)
        await first.consumer.commit(partitions.map((at) => ({ ...at, offset: 2 })))
        revoking = false
      },
    })
    await until('all records', () => first.records.length === 6)
    const second = await reader([topicName], {
      groupId,
      async assigned() {
        overlap ||= revoking
      },
    })
    await until('a share each', () => first.owned.size === 1 && second.owned.size === 1)
    await until('what was not committed', () => second.records.length === 1)
    assert.ok(!overlap, 'assigned to another while revoked was pending')
    assert.deepEqual(second.values(), ['c'])
    const committed = await admin.committed(groupId, [topicName])
    assert.equal(committed.find((at) => second.owned.has(partitionKey(at)))?.offset, 2)
  })

  declare('no batch of a partition is handed out once its revoked was called', async (harness) => {
    const { topic, produce, reader, until, name } = harness
    const [topicName, groupId] = [await topic(2), name('group')]
    let checked = false
    const first: Reader = await reader([topicName], {
      groupId,
      async revoked(partitions) {
        const given = new Set(partitions.map(({ partition }) => partition))
        const count = () => first.records.filter(({ partition }) => given.has(partition)).length
        const before = count()
        for (const partition of given) await produce(topicName, partition, ['late'])
        await sleep(200)
        assert.equal(count(), before)
        checked = true
      },
    })
    for (const partition of [0, 1]) await produce(topicName, partition, ['early'])
    await until('the first records', () => first.records.length === 2)
    const second = await reader([topicName], { groupId })
    await until('the handover', () => checked && first.owned.size === 1 && second.owned.size === 1)
    assert.equal(first.error(), undefined)
  })

  declare('commits of partitions that are not owned are left out', async (harness) => {
    const { admin, topic, produce, reader, until, name } = harness
    const [topicName, groupId] = [await topic(2), name('group')]
    for (const partition of [0, 1]) await produce(topicName, partition, ['a', 'b', 'c'])
    const first = await reader([topicName], { groupId })
    await until('the first assignment', () => first.owned.size === 2)
    const second = await reader([topicName], { groupId })
    await until('a share each', () => first.owned.size === 1 && second.owned.size === 1)
    const at = (offset: number) => [0, 1].map((partition) => ({ topic: topicName, partition, offset }))
    await second.consumer.commit(at(3))
    await first.consumer.commit(at(1))
    const mine = first.owned.has(`${topicName}/0`) ? 0 : 1
    assert.deepEqual(
      (await admin.committed(groupId, [topicName])).map(({ offset }) => offset),
      mine === 0 ? [1, 3] : [3, 1],
    )
    await first.close()
    await first.consumer.commit(at(0))
    await until('the rest', () => second.owned.size === 2)
    assert.deepEqual(
      (await admin.committed(groupId, [topicName])).map(({ offset }) => offset),
      mine === 0 ? [1, 3] : [3, 1],
    )
  })

  declare('batches of an older assignment may still be released', async (harness) => {
    const { topic, produce, reader, until, name } = harness
    const [topicName, groupId] = [await topic(2), name('group')]
    for (const partition of [0, 1]) await produce(topicName, partition, ['a'])
    const first = await reader([topicName], { groupId, hold: () => true })
    await until('both batches', () => first.records.length === 2)
    const second = await reader([topicName], { groupId })
    await until('a share each', () => first.owned.size === 1 && second.owned.size === 1)
    for (const batch of first.batches) first.consumer.release(batch)
    await until('the record again', () => second.records.length === 1)
    assert.equal(first.error(), undefined)
  })

  declare('a revoked that is slower than the session time-out keeps its membership', async (harness) => {
    const { admin, topic, produce, reader, until, name, sessionTimeoutMs } = harness
    const [topicName, groupId] = [await topic(2), name('group')]
    for (const partition of [0, 1]) await produce(topicName, partition, ['a', 'b', 'c'])
    const first: Reader = await reader([topicName], {
      groupId,
      async revoked(partitions) {
        await sleep(sessionTimeoutMs * 1.4)
        await first.consumer.commit(partitions.map((at) => ({ ...at, offset: 3 })))
      },
    })
    await until('all records', () => first.records.length === 6)
    const second = await reader([topicName], { groupId })
    await until('the handover', () => first.events.includes('revoked') && second.owned.size === 1)
    assert.ok(!first.events.includes('lost'))
    const [given] = [...second.owned]
    const committed = await admin.committed(groupId, [topicName])
    assert.equal(committed.find((at) => partitionKey(at) === given)?.offset, 3)
    assert.equal(second.records.length, 0)
  })

  declare('a handler that is slower than the session time-out keeps its membership', async (harness) => {
    const { topic, produce, reader, until, name, sessionTimeoutMs } = harness
    const [topicName, groupId] = [await topic(1), name('group')]
    await produce(topicName, 0, ['a'])
    // Nobody polls and nothing is released while the handler works.
    const first = await reader([topicName], { groupId, hold: () => true })
    await until('the record', () => first.records.length === 1)
    await sleep(sessionTimeoutMs * 1.4)
    assert.deepEqual(first.events, ['assigned'])
    await first.consumer.commit([{ topic: topicName, partition: 0, offset: 1 }])
    assert.equal((await harness.admin.committed(groupId, [topicName]))[0]?.offset, 1)
  })

  declare('a member that does not hand over in time loses its partitions, and is told', async (harness) => {
    const { admin, topic, produce, reader, until, name } = harness
    const [topicName, groupId] = [await topic(2), name('group')]
    for (const partition of [0, 1]) await produce(topicName, partition, ['a', 'b', 'c'])
    let finish = () => {}
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    const first = await reader([topicName], {
      groupId,
      rebalanceTimeoutMs: 1000,
      revoked: (_, reason) => (reason === 'lost' ? Promise.resolve() : finished),
    })
    await until('all records', () => first.records.length === 6)
    const second = await reader([topicName], { groupId, rebalanceTimeoutMs: 1000 })
    await until('the loss', () => first.events.includes('lost'))
    await until('the takeover', () => second.records.length === 6)
    await first.consumer.commit([0, 1].map((partition) => ({ topic: topicName, partition, offset: 3 })))
    assert.deepEqual(await admin.committed(groupId, [topicName]), [])
    assert.ok(!first.events.includes('revoked'))
    finish()
    await until('being back in the group', () => first.events.at(-1) === 'assigned')
    assert.equal(first.error(), undefined)
  })

  declare('while members come and go, no partition has two owners and no record is lost', async (harness) => {
    const { topic, produce, reader, until, name } = harness
    const [topicName, groupId] = [await topic(3), name('group')]
    const owners = new Map<number, number>()
    const seen = new Set<string>()
    let twice = 0
    const join = async (id: number): Promise<Reader> => {
      let self: Reader | undefined
      const own: Reader = await reader([topicName], {
        groupId,
        async assigned(partitions) {
          for (const { partition } of partitions) {
            if (owners.has(partition)) twice++
            owners.set(partition, id)
          }
        },
        async revoked(partitions) {
          const done = self?.records ?? []
          await self?.consumer.commit(
            partitions.map((at) => ({
              ...at,
              offset: Math.max(0, ...done.filter((r) => r.partition === at.partition).map((r) => r.offset + 1)),
            })),
          )
          for (const { partition } of partitions) owners.delete(partition)
        },
      })
      self = own
      return own
    }
    const all: Reader[] = [await join(0)]
    let sent = 0
    for (let round = 1; round <= 6; round++) {
      for (const partition of [0, 1, 2]) await produce(topicName, partition, [`${sent++}`, `${sent++}`])
      all.push(await join(round))
      await sleep(50)
      if (round % 2 === 0) {
        const leaving = all[round - 2]
        await leaving?.close()
        for (const [partition, owner] of owners) if (owner === round - 2) owners.delete(partition)
      }
    }
    await until('all records', () => {
      for (const { records } of all) for (const { value } of records) seen.add(String(value))
      return seen.size === sent
    })
    assert.equal(twice, 0)
    for (const one of all) assert.equal(one.error(), undefined)
  })
}
