import { createApp } from '@snapstream/core'
import { from, map } from 'rxjs'
import type { Case, Suite } from '../suite.ts'

const SYNC = 10_000_000
const ASYNC = 2_000_000
const WARM_UP = 200_000

type Handler = (n: number) => number
interface Work {
  readonly handler: Handler
  readonly sink: (n: number) => void
}

let sum = 0
/** Four handlers and sinks, each a function of its own, as an app with four bindings has. */
const works: readonly Work[] = [
  { handler: (n) => n * 2, sink: (n) => void (sum += n) },
  { handler: (n) => n + 1, sink: (n) => void (sum -= n) },
  { handler: (n) => n & 1023, sink: (n) => void (sum ^= n) },
  { handler: (n) => -n, sink: () => void sum++ },
]

function* numbers(count: number) {
  for (let i = 0; i < count; i++) yield i
}

async function* numbersLater(count: number) {
  for (let i = 0; i < count; i++) yield i
}

type Runner = (count: number, work: Work) => Promise<void>

const loop: Runner = async (count, { handler, sink }) => {
  for (const n of numbers(count)) sink(handler(n))
}

const snapstream: Runner = async (count, { handler, sink }) => {
  const app = createApp()
  app.snap(numbers(count), { sink: [sink] })(handler)
  await app.stream()
}

const rxjs: Runner = (count, { handler, sink }) =>
  new Promise((resolve, reject) => {
    from(numbers(count)).pipe(map(handler)).subscribe({ next: sink, complete: resolve, error: reject })
  })

const loopLater: Runner = async (count, { handler, sink }) => {
  for await (const n of numbersLater(count)) sink(handler(n))
}

const snapstreamLater: Runner = async (count, { handler, sink }) => {
  const app = createApp()
  app.snap(numbersLater(count), { sink: [sink] })(handler)
  await app.stream()
}

const rxjsLater: Runner = (count, { handler, sink }) =>
  new Promise((resolve, reject) => {
    from(numbersLater(count)).pipe(map(handler)).subscribe({ next: sink, complete: resolve, error: reject })
  })

function timed(runner: Runner, count: number, several: boolean) {
  return async () => {
    const chosen = several ? works : works.slice(0, 1)
    for (const work of chosen) await runner(WARM_UP, work)
    const started = performance.now()
    for (const work of chosen) await runner(count / chosen.length, work)
    const seconds = (performance.now() - started) / 1000
    if (Number.isNaN(sum)) throw new Error('the sinks were not called as they should')
    return count / seconds
  }
}

function caseOf(
  name: string,
  about: string,
  count: number,
  several: boolean,
  runners: Record<string, Runner>,
  ratios: Case['ratios'],
): Case {
  const contestants = Object.entries(runners).map(([contestant, runner]) => ({
    name: contestant,
    run: timed(runner, count, several),
  }))
  return { name, about, contestants, ratios }
}

const sync = { loop, snapstream, rxjs }
const later = { 'for await': loopLater, snapstream: snapstreamLater, rxjs: rxjsLater }
const syncRatios = [
  { of: 'snapstream', to: 'rxjs', atLeast: 1 },
  { of: 'snapstream', to: 'loop' },
]

export const core: Suite = {
  name: 'core',
  about: 'the engine alone: a generator of numbers, a handler, a function as sink',
  cases: [
    caseOf('sync', 'one synchronous handler in the process', SYNC, false, sync, syncRatios),
    caseOf('sync-several', 'four synchronous handlers, one after another in one process', SYNC, true, sync, syncRatios),
    caseOf('async', 'an async generator as source', ASYNC, false, later, [
      { of: 'snapstream', to: 'for await', atLeast: 0.93 },
      { of: 'snapstream', to: 'rxjs' },
    ]),
  ],
}
