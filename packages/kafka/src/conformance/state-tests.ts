import assert from 'node:assert/strict'
import type { ConsumerSettings, DriverSupports, StateAssignment } from '../driver/driver.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import type { Declare, Harness, Reader } from './harness.ts'

/** How much state each partition has, in records: more than a member may lack that takes over. */
const SIZE = 100_000

/** A member that keeps state beside its partitions, on a disk that outlives it. */
interface StatefulMember extends Reader {
  readonly disk: Map<string, number>
  /** The latest assignment of state. */
  readonly latest: () => StateAssignment
  /** Reads all that it follows, and asks for a new assignment. */
  catchUp(): void
}

/** Members of a group with state beside one topic. */
async function stateful({ topic, reader, name, until }: Harness, partitions: number) {
  const [topicName, groupId] = [await topic(partitions), name('group')]
  /** Partitions that a member was assigned without having their state, though another had it. */
  const cold: string[] = []
  const known = new Set<string>()

  async function join(
    endpoint: string,
    options: {
      readonly disk?: Map<string, number>
      readonly standbys?: number
      /** Whether it reads what it follows by itself. */
      readonly follows?: boolean
      readonly settings?: Partial<ConsumerSettings>
    } = {},
  ): Promise<StatefulMember> {
    const { disk = new Map<string, number>(), standbys = 0, follows = false, settings } = options
    const caughtUp = new Set<string>()
    let latest: StateAssignment = { owners: new Map(), standby: [] }
    let member: Reader | undefined
    const catchUp = () => {
      for (const at of latest.standby) {
        disk.set(partitionKey(at), SIZE)
        caughtUp.add(partitionKey(at))
      }
      member?.consumer.rejoin()
    }
    const own = await reader([topicName], {
      groupId,
      ...settings,
      state: {
        describe: () => ({ endpoint, held: disk, standbys: new Map([[topicName, standbys]]), caughtUp }),
        assigned(assignment) {
          const before = new Set(caughtUp)
          latest = assignment
          caughtUp.clear()
          for (const key of assignment.standby.map(partitionKey)) if (before.has(key)) caughtUp.add(key)
          if (follows && caughtUp.size < assignment.standby.length) setTimeout(catchUp, 50)
        },
      },
      async assigned(given) {
        for (const key of given.map(partitionKey)) {
          if (known.has(key) && (disk.get(key) ?? 0) < SIZE) cold.push(`${key} to ${endpoint}`)
          known.add(key)
          disk.set(key, SIZE)
        }
      },
    })
    member = own
    return { ...own, disk, latest: () => latest, catchUp }
  }

  const sizes = (...members: readonly StatefulMember[]) => members.map(({ owned }) => owned.size).join()
  return {
    topicName,
    groupId,
    join,
    cold,
    share: (expected: string, ...members: readonly StatefulMember[]) =>
      until(`shares of ${expected}`, () => sizes(...members) === expected),
  }
}

const followed = ({ latest }: StatefulMember) => latest().standby.map(partitionKey).sort()

export function stateTests(declare: Declare, supports: DriverSupports): void {
  declare('a member with state learns who owns its partitions', async (harness) => {
    const { join, share, topicName } = await stateful(harness, 4)
    const first = await join('http://a')
    await share('4', first)
    first.disk.clear()
    const second = await join('http://b')
    await share('2,2', first, second)
    for (const member of [first, second])
      await harness.until('all owners', () => member.latest().owners.size === 4 && followed(member).length === 0)
    for (const partition of [0, 1, 2, 3]) {
      const key = partitionKey({ topic: topicName, partition })
      const endpoint = first.owned.has(key) ? 'http://a' : 'http://b'
      for (const [member, at] of [
        [first, 'http://a'],
        [second, 'http://b'],
      ] as const)
        assert.deepEqual(member.latest().owners.get(key), { here: endpoint === at, endpoint, standbys: [] })
    }
  })

  declare('a partition moves to a new member when that has caught up, and not before', async (harness) => {
    const { join, share, cold } = await stateful(harness, 4)
    const first = await join('http://a')
    await share('4', first)
    const second = await join('http://b')
    await harness.until('what it is to follow', () => followed(second).length === 2)
    await share('4,0', first, second)
    const promised = followed(second)
    second.catchUp()
    await share('2,2', first, second)
    assert.deepEqual([...second.owned].sort(), promised)
    await harness.until('the end of following', () => followed(second).length === 0)
    assert.deepEqual(cold, [])
  })

  declare('a member that dies while it catches up leaves the partitions where they are', async (harness) => {
    const { join, share, cold } = await stateful(harness, 4)
    const first = await join('http://a')
    await share('4', first)
    const second = await join('http://b')
    await harness.until('what it is to follow', () => followed(second).length === 2)
    await second.close()
    const third = await join('http://c')
    await harness.until('what the third is to follow', () => followed(third).length === 2)
    third.catchUp()
    await share('2,2', first, third)
    assert.deepEqual(cold, [])
  })

  declare('standbys follow other members, and take over when one goes', async (harness) => {
    const { join, share, cold } = await stateful(harness, 4)
    const join1 = (endpoint: string) => join(endpoint, { standbys: 1, follows: true })
    const first = await join1('http://a')
    await share('4', first)
    const second = await join1('http://b')
    await share('2,2', first, second)
    await harness.until('standbys of each other', () => followed(first).length === 2 && followed(second).length === 2)
    assert.deepEqual(followed(first), [...second.owned].sort())
    const owners = [...first.latest().owners.values()]
    assert.deepEqual(
      new Set(owners.map(({ endpoint, standbys }) => `${endpoint} ${standbys.join()}`)),
      new Set(['http://a http://b', 'http://b http://a']),
    )
    await first.close()
    await share('4', second)
    assert.deepEqual(cold, [])
  })

  declare('members that come back get the partitions whose state they have', async (harness) => {
    const { join, share, cold } = await stateful(harness, 4)
    const follows = true
    const first = await join('http://a', { follows })
    await share('4', first)
    const second = await join('http://b', { follows })
    await share('2,2', first, second)
    const before = [first, second].map(({ owned }) => [...owned].sort())
    await first.close()
    await second.close()
    for (const [i, { disk }] of [first, second].entries())
      for (const key of disk.keys()) if (!before[i]?.includes(key)) disk.delete(key)
    const third = await join('http://b', { disk: second.disk })
    await share('4', third)
    for (const key of before[0] ?? []) third.disk.set(key, 10)
    const fourth = await join('http://a', { disk: first.disk })
    await share('2,2', third, fourth)
    assert.deepEqual([[...fourth.owned].sort(), [...third.owned].sort()], before)
    assert.equal(cold.length, 2, 'the first member back has all partitions until the other joins')
  })

  declare('members without state share a group with those that keep some', async (harness) => {
    const { join, share, groupId, topicName } = await stateful(harness, 4)
    const first = await join('http://a')
    await share('4', first)
    const other = await harness.reader([topicName], { groupId })
    await harness.until('a share each', () => first.owned.size === 2 && other.owned.size === 2)
    await harness.until('owners', () => first.latest().owners.size === 4)
    const endpoints = [...first.latest().owners.values()].map(({ endpoint }) => endpoint)
    assert.deepEqual(endpoints.sort(), ['', '', 'http://a', 'http://a'])
  })

  declare('a rolling restart with standbys moves no partition to a member without state', async (harness) => {
    const { join, share, cold } = await stateful(harness, 12)
    const start = (endpoint: string, disk = new Map<string, number>()) =>
      join(endpoint, { disk, standbys: 1, follows: true })
    const members = [await start('http://a'), await start('http://b'), await start('http://c')]
    const owned = () => members.reduce((sum, member) => sum + member.owned.size, 0)
    for (let i = 0; i < 3; i++) {
      await share('4,4,4', ...members)
      await harness.until('standbys', () => members.every((one) => followed(one).every((key) => one.disk.has(key))))
      const [gone] = members.splice(0, 1) as [StatefulMember]
      await gone.close()
      await harness.until('the takeover', () => owned() === 12)
      members.push(await start(`http://${i}`, gone.disk))
    }
    await share('4,4,4', ...members)
    assert.deepEqual(cold, [])
  })

  // The memory driver has no static members.
  if (supports.inProcess) return
  declare('a rolling restart of static members moves no partition at all', async (harness) => {
    const { join, share, cold } = await stateful(harness, 12)
    const start = (endpoint: string, disk = new Map<string, number>()) =>
      join(endpoint, { disk, follows: true, settings: { groupInstanceId: endpoint } })
    const members = [await start('http://a'), await start('http://b'), await start('http://c')]
    await share('4,4,4', ...members)
    const before = members.map((one) => [...one.owned].sort())
    for (const [i, endpoint] of ['http://a', 'http://b', 'http://c'].entries()) {
      const others = members.filter((one) => one !== members[i])
      const events = others.map((one) => one.events.length)
      const gone = members[i]
      await gone?.close()
      members[i] = await start(endpoint, gone?.disk)
      await share('4,4,4', ...members)
      await harness.until('its owners', () => members[i]?.latest().owners.size === 12)
      assert.deepEqual([...(members[i]?.owned ?? [])].sort(), before[i])
      assert.deepEqual(
        others.map((one) => one.events.length),
        events,
      )
    }
    assert.deepEqual(cold, [])
  })
}
