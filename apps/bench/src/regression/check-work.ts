import { createApp } from '@snapstream/core'
import { numbers } from '../suites/core/works.ts'
import { countWork } from './count-work.ts'
import { paths } from './paths.ts'

/** The least ratio to a loop over the same generator. RESULTS.md has the ratio of a quiet machine, which is well above. */
const LEAST_OF_LOOP = 0.1
const TRIES = 10
const MESSAGES = 1_000_000

/**
 * Checks the speed of the engine in a way that the load of the machine does not change: it counts promises and timers.
 * Counts do not show code that the compiler no longer optimises. Such code is many times slower, so one ratio of two
 * consecutive runs has a limit far below its normal value, and the best of several tries has to reach it.
 */
export async function checkWork(log: (line: string) => void): Promise<boolean> {
  let ok = true
  const judge = (good: boolean, line: string) => {
    ok &&= good
    log(`${good ? 'ok    ' : 'FAILED'} ${line}`)
  }
  for (const { name, messages, atMost, prepare } of paths) {
    // The first run also creates what later runs reuse.
    await (
      await prepare(100)
    )()
    const { promises, timers } = await countWork(await prepare(messages))
    const made = `${promises / messages} promises (at most ${atMost.promises}), ${timers / messages} timers (at most ${atMost.timers})`
    judge(promises <= atMost.promises * messages && timers <= atMost.timers * messages, `${name}: ${made} a message`)
  }
  const best = await bestShare()
  judge(best >= LEAST_OF_LOOP, `a synchronous source: ${best.toFixed(2)} of a loop (at least ${LEAST_OF_LOOP})`)
  return ok
}

async function bestShare(): Promise<number> {
  let best = 0
  for (let i = 0; i < TRIES && best < LEAST_OF_LOOP; i++) {
    const byLoop = await timed(async () => {
      for (const n of numbers(MESSAGES)) sink(handler(n))
    })
    const app = createApp()
    app.snap(numbers(MESSAGES), { sink: [sink] })(handler)
    best = Math.max(best, byLoop / (await timed(() => app.stream())))
  }
  return best
}

let sum = 0
const handler = (n: number) => n * 2
const sink = (n: number) => void (sum += n)

async function timed(f: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await f()
  if (Number.isNaN(sum)) throw new Error('the sink was not called as it should')
  return performance.now() - started
}
