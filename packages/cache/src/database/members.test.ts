import { MemoryLevel } from 'memory-level'
import { describe, expect, test } from 'vitest'
import { stopClock } from '../fixtures/clock.ts'
import { Cache } from '../index.ts'
import { createMembers, type Member } from './members.ts'

/** A member with this `dueAt`, which counts the calls. */
function fakeMember(dueAt = Infinity) {
  const asked = { dueAt, times: 0 }
  const member = {
    dueAt: () => {
      asked.times++
      return asked.dueAt
    },
    isDue: () => asked.dueAt <= Date.now(),
  } as Member
  return { asked, member }
}

describe('the caches of a database', () => {
  test('a batch asks only members that have something for it', () => {
    const members = createMembers(Date.now)
    const many = Array.from({ length: 1000 }, () => fakeMember())
    for (const { member } of many) members.join(member)
    for (const { member } of many) {
      members.join(member)
      members.settle(member)
    }
    for (const { asked } of many) asked.times = 0
    members.touch(many[7]!.member)
    expect([...members.next()]).toEqual([many[7]!.member])
    expect([...members.next()]).toEqual([])
    expect(many.reduce((sum, { asked }) => sum + asked.times, 0)).toBe(0)
  })

  test('members with expiring entries are checked from the first expiry on, at most every 100 ms', () => {
    const { pass } = stopClock()
    const members = createMembers(Date.now)
    const soon = fakeMember(Date.now() + 50)
    const late = fakeMember(Date.now() + 120)
    for (const { member } of [soon, late]) {
      members.join(member)
      members.settle(member)
    }
    soon.asked.times = 0
    expect([members.next().size, soon.asked.times]).toEqual([0, 0])
    pass(60)
    expect([...members.next()]).toEqual([soon.member])
    expect(soon.asked.times).toBe(1)
    soon.asked.dueAt = Infinity
    members.settle(soon.member)
    pass(90)
    expect([...members.next()]).toEqual([])
    pass(20)
    expect([...members.next()]).toEqual([late.member])
  })

  test('a member that is still due after its batch is in the next one', () => {
    const members = createMembers(Date.now)
    const { member } = fakeMember(0)
    members.join(member)
    members.settle(member)
    expect([...members.next()]).toEqual([member])
    expect(members.next().size).toBe(0)
    members.settle(member)
    expect(members.next().size).toBe(1)
  })

  test('a member that has left is in no batch any more', () => {
    const members = createMembers(Date.now)
    const { member } = fakeMember(0)
    members.join(member)
    members.touch(member)
    members.leave(member)
    members.settle(member)
    members.touch(member)
    expect([members.next().size, members.all.size]).toEqual([0, 0])
  })

  test('3,000 sub-caches keep their entries apart', async () => {
    const cache = Cache<string, number>(new MemoryLevel())
    const subs = Array.from({ length: 3000 }, (_, i) => cache.sub<string, number>(`sub ${i}`))
    await cache.open()
    for (const sub of subs.slice(0, 3)) await sub('a', 1)
    await Promise.all([cache('a', 2), subs[2]!('a', 3), subs[2999]!('a', 4)])
    expect([cache, ...subs.slice(0, 3), subs[2999]!].map((one) => one.getSync('a'))).toEqual([2, 1, 1, 3, 4])
    await cache.close()
  })
})
