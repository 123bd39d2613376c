import { clock } from '../clock.ts'
import type { Scenario } from '../scenario.ts'
import { repeat } from './repeat.ts'

const SESSION_MS = 6000

/** Pauses a random worker of three for twice the session timeout, then resumes it. */
const pause = repeat(async (world) => {
  const worker = world.workers[Math.floor(world.random() * world.workers.length)]
  if (!worker?.alive) throw new Error(`${worker?.name} has ended and cannot be paused`)
  const { uncommitted } = world.count(`pause of ${worker.name}`)
  world.mishap()
  const from = clock()
  worker.signal('SIGSTOP')
  try {
    await world.wait(2 * SESSION_MS)
  } finally {
    const to = clock()
    worker.signal('SIGCONT')
    world.lapse({ worker: worker.name, from, to })
  }
  world.log(`${worker.name} goes on, ${uncommitted} were not committed when it was paused`)
  await world.wait(1000)
  await world.progress()
})

export const pauses: Scenario = {
  name: 'pause',
  about: 'three workers; a random one is paused for twice the session timeout, then resumed',
  cases: [
    {
      name: 'pause',
      partitions: 6,
      rate: 1000,
      worker: { sessionTimeoutMs: SESSION_MS },
      seconds: 60,
      // The worker learns from the first response of the broker that the group has removed it.
      promises: { staleMs: 1500, stallMs: 15_000 },
      run: pause,
    },
  ],
}
