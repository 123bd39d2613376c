import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assignUnits, partitionsOfShares, withholdOwned } from './assign-partitions.ts'
import type { StateAssignment } from './group-state.ts'
import { ACCEPTABLE_LAG, heldState } from './held-state.ts'
import { assignState } from './standbys.ts'
import type { Subscriber } from './subscriber.ts'
import { partitionKey } from './topic-partition.ts'
import type { TopicPartition } from './topic-partition.ts'

/** A member of a group that is simulated, with the state on its disk by partition. */
interface SimulatedMember {
  readonly id: string
  readonly disk: Map<string, number>
  owned: readonly TopicPartition[]
  generationId: number
  assignment: StateAssignment
  readonly caughtUp: Set<string>
}

const NONE: StateAssignment = { owners: new Map(), standby: [] }

/**
 * A group whose members keep state beside `orders`. All of them join whenever one has to, as in a cooperative rebalance, and
 * join again when one has handed partitions over. `log`: the ends of the changelogs.
 */
function group({ partitions, standbys = 0, customers = false }: GroupShape) {
  const topics = customers ? ['orders', 'customers'] : ['orders']
  const members = new Map<string, SimulatedMember>()
  const log = new Map<string, number>()
  const keys = Array.from({ length: partitions }, (_, partition) => partitionKey({ topic: 'orders', partition }))
  for (const key of keys) log.set(key, 0)
  /** Moves from a member that lives to one without a copy that is good enough. */
  const cold: string[] = []
  const moves: string[] = []
  let generationId = 0

  const subscriber = (member: SimulatedMember): Subscriber => ({
    id: member.id,
    topics: new Set(topics),
    owned: member.owned,
    generationId: member.generationId,
    copartitioned: customers ? [topics] : [],
    state: {
      endpoint: `http://${member.id}`,
      held: new Map(member.disk),
      standbys: new Map([['orders', standbys]]),
      caughtUp: new Set(member.caughtUp),
    },
  })
  const ownerOf = (key: string) =>
    [...members.values()].find(({ owned }) => owned.some((at) => partitionKey(at) === key))

  /** One rebalance. Returns whether members have handed partitions over, so that another follows. */
  function round(lastOwners: Map<string, SimulatedMember>): boolean {
    const subscribers = [...members.values()].map(subscriber)
    const state = heldState(subscribers)
    const shares = assignUnits(subscribers, () => partitions, state)
    const given = withholdOwned(subscribers, partitionsOfShares(shares), () => partitions)
    const now = new Map([...given].map(([id, one]) => [id, one.partitions]))
    const states = assignState(subscribers, shares, state, now)
    generationId++
    for (const key of keys) {
      const owner = ownerOf(key)
      if (owner) lastOwners.set(key, owner)
    }
    let handedOver = false
    for (const member of members.values()) {
      const own = now.get(member.id) ?? []
      const assigned = new Set(own.map(partitionKey))
      handedOver ||= member.owned.some((at) => !assigned.has(partitionKey(at)))
      for (const key of assigned) {
        const before = lastOwners.get(key)
        if (!keys.includes(key) || before === undefined || before === member) continue
        moves.push(`${key}: ${before.id} to ${member.id}`)
        const lag = (before.disk.get(key) ?? 0) - (member.disk.get(key) ?? 0)
        if (members.has(before.id) && lag > ACCEPTABLE_LAG && !member.caughtUp.has(key)) cold.push(moves.at(-1) ?? '')
        lastOwners.set(key, member)
      }
    }
    for (const member of members.values()) {
      member.owned = now.get(member.id) ?? []
      member.generationId = generationId
      member.assignment = states.get(member.id) ?? NONE
      const followed = new Set(member.assignment.standby.map(partitionKey))
      for (const key of member.caughtUp) if (!followed.has(key)) member.caughtUp.delete(key)
    }
    const all = [...members.values()].flatMap(({ owned }) => owned.map(partitionKey))
    expect(new Set(all).size).toBe(all.length)
    return handedOver
  }

  return {
    members,
    log,
    cold,
    moves,
    /** Rebalances until no member hands over. Returns how many it took. */
    rebalance(): number {
      const lastOwners = new Map<string, SimulatedMember>()
      for (let rounds = 1; ; rounds++) {
        if (!round(lastOwners)) return rounds
        expect(rounds).toBeLessThan(10)
      }
    },
    join(id: string, disk: ReadonlyMap<string, number> = new Map()) {
      members.set(id, { id, disk: new Map(disk), owned: [], generationId: -1, assignment: NONE, caughtUp: new Set() })
    },
    leave(id: string): ReadonlyMap<string, number> {
      const { disk } = members.get(id) ?? { disk: new Map<string, number>() }
      members.delete(id)
      return disk
    },
    /** Owners restore what they lack, and write. Followers read a part of what they lack. Returns who has caught up anew. */
    work({ written, read = 1 }: { readonly written: number; readonly read?: number }): string[] {
      const caughtUp: string[] = []
      for (const { disk, owned } of members.values())
        for (const key of owned.map(partitionKey).filter((one) => keys.includes(one))) {
          const end = (log.get(key) ?? 0) + written
          log.set(key, end)
          disk.set(key, end)
        }
      for (const { id, disk, assignment, caughtUp: known } of members.values())
        for (const key of assignment.standby.map(partitionKey)) {
          const end = log.get(key) ?? 0
          const held = disk.get(key) ?? 0
          disk.set(key, held + Math.ceil((end - held) * read))
          if (disk.get(key) !== end || known.has(key)) continue
          known.add(key)
          caughtUp.push(id)
        }
      return caughtUp
    },
    /** Works and rebalances until nobody has anything left to catch up with. */
    settle(options: { readonly written: number; readonly read?: number }) {
      for (let i = 0; ; i++) {
        this.rebalance()
        if (this.work(options).length === 0 && (options.read ?? 1) === 1) return
        if (i > 60) return
      }
    },
    sizes: () => [...members.values()].map(({ owned }) => owned.length).sort((a, b) => a - b),
    owned: (id: string) => (members.get(id)?.owned ?? []).map(partitionKey).join(' '),
    follows: (id: string) => (members.get(id)?.assignment.standby ?? []).map(partitionKey).join(' '),
  }
}

interface GroupShape {
  readonly partitions: number
  readonly standbys?: number
  /** Whether members read a second topic as well, which is co-partitioned and has no state. */
  readonly customers?: boolean
}

const MANY = 100_000

/** A group in which the first member has all partitions, with as many records each, and others have joined. */
function grown({ others = 1, records = MANY, ...shape }: GroupShape & { others?: number; records?: number }) {
  const sim = group(shape)
  sim.join('a')
  sim.rebalance()
  sim.work({ written: records })
  for (const id of ['b', 'c', 'd'].slice(0, others)) sim.join(id)
  sim.rebalance()
  return sim
}

describe('a new member', () => {
  test('follows its share until it has caught up, and then gets it', () => {
    const sim = grown({ partitions: 4 })
    expect(sim.owned('a')).toBe('orders/0 orders/1 orders/2 orders/3')
    expect(sim.follows('b').split(' ')).toHaveLength(2)
    const followed = sim.follows('b')
    expect(sim.work({ written: 50_000, read: 0.5 })).toEqual([])
    sim.rebalance()
    expect(sim.follows('b')).toBe(followed)
    expect(sim.work({ written: 50_000 })).toEqual(['b', 'b'])
    sim.rebalance()
    expect(sim.sizes()).toEqual([2, 2])
    expect(sim.owned('b').split(' ').sort()).toEqual(followed.split(' ').sort())
    expect(sim.follows('b')).toBe('')
  })

  test('gets partitions with little state at once', () => {
    const sim = grown({ partitions: 4, records: ACCEPTABLE_LAG })
    expect(sim.sizes()).toEqual([2, 2])
    expect(grown({ partitions: 4, records: ACCEPTABLE_LAG + 1 }).sizes()).toEqual([0, 4])
  })

  test('is given what has caught up, while the rest goes on', () => {
    const sim = grown({ partitions: 4 })
    const [first = ''] = sim.follows('b').split(' ')
    sim.members.get('b')?.caughtUp.add(first)
    sim.rebalance()
    expect(sim.owned('b')).toBe(first)
    expect(sim.follows('b').split(' ')).toHaveLength(1)
  })

  test('is told to follow what is promised to it until its owner has given it up, and nobody owns it meanwhile', () => {
    const state = (held: number) => ({
      endpoint: '',
      held: new Map([['orders/0', held]]),
      standbys: new Map([['orders', 0]]),
    })
    const topics = new Set(['orders'])
    const owned = [0, 1].map((partition) => ({ topic: 'orders', partition }))
    const all: Subscriber[] = [
      { id: 'a', topics, owned, generationId: 1, state: state(MANY) },
      { id: 'b', topics, state: state(MANY - 5) },
    ]
    const held = heldState(all)
    const shares = assignUnits(all, () => 2, held)
    const [kept, promised] = owned
    expect(partitionsOfShares(shares).get('b')).toEqual([promised])
    const states = assignState(all, shares, held, new Map([['a', owned.slice(0, 1)]]))
    expect(states.get('b')?.standby).toEqual([promised])
    expect([...(states.get('b')?.owners.keys() ?? [])]).toEqual([kept && partitionKey(kept)])
    expect(states.get('a')?.standby).toEqual([])
  })

  test('without state in a group with state is not waited for', () => {
    const topics = new Set(['orders'])
    const owned = [0, 1].map((partition) => ({ topic: 'orders', partition }))
    const held = new Map(owned.map((at) => [partitionKey(at), MANY]))
    const all: Subscriber[] = [
      { id: 'a', topics, owned, generationId: 1, state: { endpoint: '', held, standbys: new Map([['orders', 0]]) } },
      { id: 'older', topics },
    ]
    const shares = assignUnits(all, () => 2, heldState(all))
    expect(shares.map(({ units }) => units.length)).toEqual([1, 1])
  })
})

describe('copies', () => {
  /** Members that read `orders`, and what is on their disks by partition. */
  const reading = (id: string, held: readonly number[], more: Partial<Subscriber> = {}, standbys = 0): Subscriber => ({
    id,
    topics: new Set(['orders']),
    generationId: 1,
    ...more,
    state: {
      endpoint: id,
      held: new Map(held.map((size, n) => [`orders/${n}`, size])),
      standbys: new Map([['orders', standbys]]),
      ...more.state,
    },
  })
  const orders = (...numbers: readonly number[]) => numbers.map((partition) => ({ topic: 'orders', partition }))
  const assign = (all: readonly Subscriber[], partitions: number) => {
    const held = heldState(all)
    const shares = assignUnits(all, () => partitions, held)
    const states = assignState(all, shares, held, partitionsOfShares(shares))
    const keys = (some: readonly TopicPartition[] = []) => some.map(partitionKey).join(' ')
    return {
      owned: (id: string) => keys(partitionsOfShares(shares).get(id)),
      follows: (id: string) => keys(states.get(id)?.standby),
    }
  }

  test('a free partition goes to a member that has caught up as well as to the one with the most', () => {
    const caughtUp = { endpoint: '', held: new Map([['orders/0', MANY]]), standbys: new Map([['orders', 0]]) }
    const more = reading('b', [2 * MANY])
    expect(assign([reading('a', [MANY]), more], 1).owned('b')).toBe('orders/0')
    const all = [reading('a', [], { state: { ...caughtUp, caughtUp: new Set(['orders/0']) } }), more]
    expect(assign(all, 1).owned('a')).toBe('orders/0')
  })

  test('a free partition with little state goes to a member that has it, before one that has nothing', () => {
    const all = [reading('a', [0, 3000], { owned: orders(0) }), reading('b', [])]
    expect(assign(all, 2).owned('a')).toBe('orders/1')
  })

  test('a member goes on with the copies that it has begun', () => {
    const all = [reading('a', [MANY, MANY, MANY, MANY], { owned: orders(0, 1, 2, 3) }), reading('b', [50_000, 0, 1])]
    expect(assign(all, 4).follows('b')).toBe('orders/0 orders/2')
  })

  test('a unit has caught up when the state beside each of its topics has', () => {
    const sets = [['customers', 'orders']]
    const unit = [...orders(0, 1), ...[0, 1].map((partition) => ({ topic: 'customers', partition }))]
    const both = (id: string, size: number, caughtUp: readonly string[], owned: readonly TopicPartition[] = []) => ({
      id,
      topics: new Set(['customers', 'orders']),
      copartitioned: sets,
      owned,
      generationId: 1,
      state: {
        endpoint: '',
        held: new Map(unit.map((at) => [partitionKey(at), size])),
        standbys: new Map([
          ['orders', 0],
          ['customers', 0],
        ]),
        caughtUp: new Set(caughtUp),
      },
    })
    const owner = both('a', MANY, [], unit)
    expect(assign([owner, both('b', 0, ['orders/1'])], 2).owned('b')).toBe('')
    expect(assign([owner, both('b', 0, ['orders/1', 'customers/1'])], 2).owned('b')).toBe('customers/1 orders/1')
  })

  test('a member with a good copy is a standby before one with less', () => {
    const sizes = [MANY, MANY, MANY]
    const all = [
      reading('a', sizes, { owned: orders(0, 1, 2) }, 1),
      reading('b', [5, 5, 5], {}, 1),
      reading('c', sizes, {}, 1),
    ]
    const { owned, follows } = assign(all, 3)
    expect(['a', 'b', 'c'].map(owned)).toEqual(['orders/0 orders/1', '', 'orders/2'])
    // It warms up for one partition, and is the standby of none.
    expect(follows('b').split(' ')).toHaveLength(1)
  })

  test('a member that warms up for a partition is not its standby as well', () => {
    const all = [reading('a', [MANY, MANY], { owned: orders(0, 1) }, 1), reading('b', [], {}, 1)]
    expect(assign(all, 2).follows('b').split(' ').sort()).toEqual(['orders/0', 'orders/1'])
  })
})

describe('failures in a warm-up', () => {
  test('the member that warms up dies: its partitions stay with their owner, and another member warms up', () => {
    const sim = grown({ partitions: 4 })
    sim.work({ written: 10, read: 0.5 })
    sim.leave('b')
    sim.join('c')
    sim.rebalance()
    expect(sim.sizes()).toEqual([0, 4])
    expect(sim.follows('c').split(' ')).toHaveLength(2)
  })

  test('the owner dies: what it had goes to the member with the most of it', () => {
    const sim = grown({ partitions: 4, others: 2 })
    sim.work({ written: 10, read: 0.5 })
    const [ofB, ofC] = [sim.follows('b'), sim.follows('c')]
    sim.leave('a')
    sim.rebalance()
    for (const key of ofB.split(' ')) expect(sim.owned('b')).toContain(key)
    for (const key of ofC.split(' ')) expect(sim.owned('c')).toContain(key)
    expect(sim.cold).toEqual([])
  })

  test('a third member joins: of what two warm up, each partition has one that goes on', () => {
    const sim = grown({ partitions: 6 })
    sim.work({ written: 10, read: 0.5 })
    const before = sim.follows('b').split(' ')
    sim.join('c')
    sim.rebalance()
    const [ofB, ofC] = [sim.follows('b').split(' '), sim.follows('c').split(' ')]
    expect([ofB.length, ofC.length]).toEqual([2, 2])
    for (const key of ofB) expect(before).toContain(key)
    for (const key of ofC) expect(ofB).not.toContain(key)
  })

  test('a copy that is never good enough leaves the partition with its owner', () => {
    const sim = grown({ partitions: 2 })
    for (let i = 0; i < 5; i++) {
      sim.work({ written: MANY, read: 0.5 })
      expect(sim.rebalance()).toBe(1)
    }
    expect(sim.owned('a')).toBe('orders/0 orders/1')
  })
})

describe('nonsense', () => {
  const topics = new Set(['orders'])
  const owned = [0, 1, 2, 3].map((partition) => ({ topic: 'orders', partition }))
  const state = (size: number) => ({
    endpoint: '',
    held: new Map(owned.map((at) => [partitionKey(at), size])),
    standbys: new Map([['orders', 1]]),
  })
  const claiming = (size: number, ofOwner = MANY) => {
    const all: Subscriber[] = [
      { id: 'a', topics, owned, generationId: 1, state: state(ofOwner) },
      { id: 'liar', topics, state: state(size) },
    ]
    return assignUnits(all, () => 4, heldState(all)).map(({ units }) => units.length)
  }

  test('offsets that are none count as nothing', () => {
    for (const size of [-1, -MANY, NaN, Infinity, -Infinity]) expect(claiming(size)).toEqual([4, 0])
    for (const size of [-1, NaN, Infinity]) expect(claiming(0, size)).toEqual([2, 2])
  })

  test('a member that claims too much gets no more than its share', () => {
    for (const size of [MANY * 2, Number.MAX_SAFE_INTEGER, 2 ** 63]) expect(claiming(size)).toEqual([2, 2])
  })

  test('an owner that claims too much keeps its partitions until it leaves', () => {
    expect(claiming(MANY, 2 ** 63)).toEqual([4, 0])
  })

  test('standbys of a partition that does not exist, and of a topic that nobody reads, are nobody', () => {
    const odd = { ...state(1), standbys: new Map([['gone', 3]]) }
    const all: Subscriber[] = [
      { id: 'a', topics, state: odd },
      { id: 'b', topics, state: odd },
    ]
    const shares = assignUnits(all, () => 1, heldState(all))
    const states = assignState(all, shares, heldState(all), partitionsOfShares(shares))
    expect(states.get('a')).toEqual(NONE)
  })
})

describe('restarts', () => {
  for (const standbys of [1, 2])
    test(`a rolling restart with standbys (${standbys}) moves no partition to a member without state`, () => {
      for (const records of [3000, MANY]) {
        const sim = grown({ partitions: 12, others: 2, standbys, records })
        sim.settle({ written: 100 })
        expect(sim.sizes()).toEqual([4, 4, 4])
        for (const id of ['a', 'b', 'c']) {
          const held = new Map([...sim.members.values()].map((member) => [member.id, new Map(member.disk)]))
          sim.moves.splice(0)
          const disk = sim.leave(id)
          sim.rebalance()
          sim.work({ written: 500 })
          sim.rebalance()
          sim.join(`${id}2`, disk)
          held.set(`${id}2`, new Map(disk))
          sim.settle({ written: 10 })
          const sizes = sim.moves.map((move) => {
            const [key = '', , to = ''] = move.split(/: | to /)
            return held.get(to)?.get(key) ?? 0
          })
          expect(Math.min(...sizes)).toBeGreaterThan(Math.max(0, records - ACCEPTABLE_LAG))
          expect(sim.sizes()).toEqual([4, 4, 4])
        }
        expect(sim.cold).toEqual([])
      }
    })

  test('members that come back one after the other get what is on their disks', () => {
    for (const records of [3000, MANY]) {
      const sim = grown({ partitions: 12, others: 2, records })
      sim.settle({ written: 100 })
      const before = new Map(['a', 'b', 'c'].map((id) => [id, sim.owned(id).split(' ').sort()]))
      const disks = [...before].map(([id, keys]) => {
        const disk = sim.leave(id)
        return [id, new Map(keys.map((key) => [key, disk.get(key) ?? 0]))] as const
      })
      for (const [id, disk] of disks) {
        sim.join(`${id}2`, disk)
        sim.rebalance()
      }
      for (const [id, keys] of before) expect(sim.owned(`${id}2`).split(' ').sort()).toEqual(keys)
    }
  })
})

describe('standbys', () => {
  const inRacks = (racks: readonly string[], standbys: number) => {
    const all = racks.map((rack, i): Subscriber => {
      const state = { endpoint: `${i}`, rack, held: new Map(), standbys: new Map([['orders', standbys]]) }
      return { id: `m${i}`, topics: new Set(['orders']), state }
    })
    const shares = assignUnits(all, () => 12, heldState(all))
    return assignState(all, shares, heldState(all), partitionsOfShares(shares))
  }

  test('are in other racks than the owner and each other, where there are any', () => {
    const racks = ['x', 'x', 'y', 'y', 'z', 'z']
    const owners = inRacks(racks, 2).get('m0')?.owners ?? new Map()
    expect(owners.size).toBe(12)
    for (const { endpoint, standbys } of owners.values())
      expect(new Set([endpoint, ...standbys].map((one) => racks[Number(one)])).size).toBe(3)
  })

  test('are shared out evenly, and are as many as there are other members', () => {
    const sizes = [...inRacks(['x', 'x', 'x', 'x'], 1).values()].map(({ standby }) => standby.length)
    expect(sizes.reduce((a, b) => a + b)).toBe(12)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(2)
    expect([...inRacks(['x', 'y'], 5).values()].map(({ standby }) => standby.length)).toEqual([6, 6])
  })

  test('stay where a copy is, also in the rack of the owner', () => {
    const held = new Map([['orders/0', MANY]])
    const state = (rack: string, of: ReadonlyMap<string, number> = new Map()) => ({
      endpoint: '',
      rack,
      held: of,
      standbys: new Map([['orders', 1]]),
    })
    const owned = [{ topic: 'orders', partition: 0 }]
    const topics = new Set(['orders'])
    const all: Subscriber[] = [
      { id: 'a', topics, owned, generationId: 1, state: state('x', held) },
      { id: 'b', topics, state: state('x', new Map([['orders/0', 5]])) },
      { id: 'c', topics, state: state('y') },
    ]
    const shares = assignUnits(all, () => 1, heldState(all))
    const states = assignState(all, shares, heldState(all), partitionsOfShares(shares))
    expect([...states].map(([id, { standby }]) => [id, standby.length])).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 0],
    ])
  })
})

/** Members come, go and come back with their disks, while others write and catch up. */
const step = fc.oneof(
  fc.record({ type: fc.constant('join' as const), disk: fc.nat(5), keeps: fc.boolean() }),
  fc.record({ type: fc.constant('leave' as const), n: fc.nat(5) }),
  fc.record({
    type: fc.constant('work' as const),
    written: fc.constantFrom(0, 100, 20_000, 1_000_000),
    read: fc.constantFrom(0, 0.3, 0.9, 1),
  }),
)

test('whatever members do, no partition moves to one without state while its owner lives, and the group comes to rest in balance', () => {
  fc.assert(
    fc.property(
      fc.record({ partitions: fc.integer({ min: 1, max: 9 }), standbys: fc.nat(2), customers: fc.boolean() }),
      fc.array(step, { maxLength: 25 }),
      (shape, steps) => {
        const sim = group(shape)
        const disks: ReadonlyMap<string, number>[] = []
        let joined = 0
        for (const one of steps) {
          if (one.type === 'join') sim.join(`m${joined++}`, one.keeps ? disks[one.disk] : undefined)
          else if (one.type === 'work') sim.work(one)
          else {
            const id = [...sim.members.keys()][one.n]
            if (id !== undefined) disks.push(sim.leave(id))
          }
          if (sim.members.size > 0) sim.rebalance()
          expect(sim.cold).toEqual([])
        }
        if (sim.members.size === 0) return
        sim.settle({ written: 5000 })
        expect(sim.cold).toEqual([])
        const { partitions, standbys } = shape
        const perUnit = shape.customers ? 2 : 1
        const sizes = sim.sizes()
        expect(sizes.reduce((a, b) => a + b)).toBe(partitions * perUnit)
        expect((sizes.at(-1) ?? 0) - (sizes[0] ?? 0)).toBeLessThanOrEqual(perUnit)
        // Nobody warms up any more: all that is followed is followed by standbys.
        const followed = [...sim.members.values()].flatMap(({ assignment }) => assignment.standby)
        expect(followed).toHaveLength(partitions * Math.min(standbys, sim.members.size - 1))
        for (const { id, assignment } of sim.members.values()) {
          expect(assignment.owners.size).toBe(partitions)
          for (const [key, owner] of assignment.owners) {
            expect(owner.here).toBe(sim.owned(id).split(' ').includes(key))
            expect(sim.owned(owner.endpoint.slice('http://'.length)).split(' ')).toContain(key)
          }
          for (const at of assignment.standby) expect(sim.owned(id).split(' ')).not.toContain(partitionKey(at))
        }
        // At rest, another rebalance moves nothing.
        sim.moves.splice(0)
        expect(sim.rebalance()).toBe(1)
        expect(sim.moves).toEqual([])
      },
    ),
    { numRuns: 300 },
  )
})
