import type { Day } from '../scenario.ts'
import type { World } from '../world.ts'

/** Kills a random static member of three, which comes back at once. */
async function killAndComeBack(world: World): Promise<void> {
  const members = ['one', 'two', 'three'].map((groupInstanceId) => ({
    groupInstanceId,
    worker: world.start({ groupInstanceId }),
  }))
  await world.settled()
  const endMs = Date.now() + world.seconds * 1000
  do {
    await world.wait(2000 * (0.5 + world.random()))
    const member = members[Math.floor(world.random() * members.length)]
    if (member === undefined || !world.atWork(member.worker)) continue
    const { uncommitted } = await world.kill(member.worker, 'SIGKILL')
    world.log(`SIGKILL of ${member.worker.name}, ${uncommitted} not committed`)
    member.worker = world.start({ groupInstanceId: member.groupInstanceId })
    await world.progress()
  } while (Date.now() < endMs)
}

/** The session outlasts the restart, so each member keeps its partitions, and readers wait for the restart alone. */
export const staticMembers: Day = {
  name: 'static-members',
  partitions: 6,
  rate: 1500,
  worker: { sessionTimeoutMs: 30_000 },
  seconds: 60,
  promises: { counted: 5, rebalances: 0, readerStallMs: 2000 },
  run: killAndComeBack,
}
