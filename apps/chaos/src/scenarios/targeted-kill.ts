import type { Day, Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

const TRIES = 50

/** Kills one worker as soon as its committed offsets move: every committed record has to be in the output. */
async function killAtCommits(world: World): Promise<void> {
  const end = Date.now() + world.seconds * 1000
  let tries = 0
  while (tries < TRIES && (tries === 0 || Date.now() < end)) {
    const worker = world.start()
    let killing: ReturnType<World['kill']> | undefined
    // Kills at the first, second or third commit of the worker: any of them may cover a record that is not done.
    let skip = Math.floor(world.random() * 3)
    const before = world.commits.total
    const stop = world.commits.onMove(() => {
      if (killing === undefined && world.commits.total > before && skip-- <= 0) killing = world.kill(worker, 'SIGKILL')
    })
    try {
      await world.until(`the offsets of worker ${worker.name} move`, () => killing !== undefined || !worker.alive)
      if (killing === undefined) return
      if ((await killing).counted) tries += 1
    } finally {
      stop()
    }
  }
  world.start()
  await world.progress()
}

function variant(name: string, worker: Day['worker'], rate: number, short: boolean): Day {
  return {
    name: `targeted-kill${name}`,
    partitions: 2,
    rate,
    worker: { sessionTimeoutMs: 1500, heartbeatIntervalMs: 400, ...worker },
    seconds: 180,
    ...(short && { shortSeconds: 5 }),
    promises: { duplicates: 'uncommitted' },
    run: killAtCommits,
  }
}

export const targetedKill: Scenario = {
  name: 'targeted-kill',
  about: `one worker, SIGKILLed as soon as its committed offsets move, up to ${TRIES} times; plain, concurrent, throttled`,
  cases: [
    variant('', {}, 2000, false),
    variant(' concurrent', { concurrency: 8, handleMs: 2 }, 2000, true),
    variant(' throttled', { handleMs: 5 }, 250, false),
    variant(' throttled concurrent', { concurrency: 4, handleMs: 20 }, 250, false),
  ],
}
