import { Admin } from '@snapstream/kafka'
import type { RunningKafka } from '@snapstream/services'
import { clock } from '../clock.ts'
import type { Day, Scenario } from '../scenario.ts'
import type { World } from '../world.ts'
import { repeat } from './repeat.ts'

const RECOVERY_MS = 30_000

/**
 * Three workers, three nodes: kills each node that leads a partition of the input, and restarts it before the next kill.
 * `outlasts`: sessions expire before the cluster has a new coordinator, so workers give up their partitions by their own clock.
 */
const killLeaders = (outlasts: boolean) =>
  repeat(async (world) => {
    const leaders = new Set((await inputOf(world)).flatMap(({ leader }) => leader ?? []))
    for (const id of shuffled([...leaders], world.random)) {
      const node = world.nodes.get(id)
      if (!node) throw new Error(`the cluster has no node ${id}, which leads a partition of ${world.input}`)
      const from = clock()
      await killNode(world, id, node)
      if (outlasts) world.lapse({ worker: undefined, from, to: clock() })
    }
  })

async function killNode(world: World, id: number, node: RunningKafka): Promise<void> {
  const from = clock()
  const since = () => `${Math.round(clock() - from)} ms`
  const { uncommitted } = world.count(`SIGKILL of node ${id}`)
  world.mishap()
  await node.kill('SIGKILL')
  await world.progress()
  const recovered = since()
  await world.wait(2000 * world.random())
  await node.restart()
  while (!(await inputOf(world)).every(({ inSyncReplicas, replicas }) => inSyncReplicas.length === replicas.length))
    await world.wait(200)
  world.log(`node ${id}: ${uncommitted} not committed, every partition after ${recovered}, in sync after ${since()}`)
  await world.progress()
}

/** Uses a new client for each call, because a node may be down. */
async function inputOf({ addresses, input }: World) {
  await using admin = Admin({ brokers: addresses, connectTimeoutMs: RECOVERY_MS })
  return (await admin.describeTopic(input)).partitions
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

function variant(name: string, sessionTimeoutMs: number, outlasts: boolean, promises: Day['promises']): Day {
  return {
    name,
    cluster: true,
    partitions: 6,
    rate: 1000,
    worker: { sessionTimeoutMs },
    seconds: 60,
    promises: { recoveryMs: RECOVERY_MS, counted: 3, ...promises },
    run: killLeaders(outlasts),
  }
}

export const leaderKill: Scenario = {
  name: 'leader-kill',
  about: 'three nodes, three workers; each node that leads a partition is SIGKILLed and restarted',
  cases: [
    // Every worker stays in the group, and commits that fail meanwhile succeed afterwards.
    variant('leader-kill', 30_000, false, { duplicates: 'none', rebalances: 0 }),
    // The coordinator is away for about one session timeout, so workers have to give up their partitions.
    variant('leader-kill short-session', 6000, true, {}),
  ],
}
