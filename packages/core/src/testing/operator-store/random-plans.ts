import { compareKeys } from '../../adapter/compare-keys.ts'
import type { OperatorKey, OperatorPart, TimerKind } from '../../adapter/operator-state.ts'
import { StringCodec } from '../../codecs/string-codec.ts'
import type { OperatorStoreConformance } from './conformance-options.ts'
import { expectEqual } from './expect.ts'
import { startOperatorProcess } from './store-process.ts'

const LANE = 'topic/0'
const PLANS = 10
const STEPS = 50
const KEYS: readonly OperatorKey[] = ['a', 'b', 3, true, new Uint8Array([1])]
const KINDS: readonly TimerKind[] = ['event', 'clock']

/** A part as it should be. */
interface Model {
  readonly entries: ReadonlyMap<string, string>
  readonly area: ReadonlyMap<string, string>
  readonly timers: Readonly<Record<TimerKind, readonly (readonly [number, OperatorKey])[]>>
  readonly time: number
}

const EMPTY: Model = { entries: new Map(), area: new Map(), timers: { event: [], clock: [] }, time: -Infinity }

const compare = ([a, x]: readonly [number, OperatorKey], [b, y]: readonly [number, OperatorKey]) =>
  a - b || compareKeys(x, y)

/** A generator of numbers below a bound, which gives the same ones for each seed. */
function numbersOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Makes a random change of a part, and of its model. */
function change(part: OperatorPart<string>, model: Model, random: (below: number) => number): Model {
  const text = 'abcd'[random(4)]!
  const key = KEYS[random(KEYS.length)]!
  const kind = KINDS[random(2)]!
  const time = random(12)
  const value = String(random(1000))
  const timers = model.timers[kind]
  const withTimers = (changed: Model['timers']['event']): Model => ({
    ...model,
    timers: { ...model.timers, [kind]: changed },
  })
  const without = timers.filter((one) => compare(one, [time, key]) !== 0)
  const area = part.area<string, string>('texts', StringCodec())
  switch (random(7)) {
    case 0:
      part.entries.put(text, value)
      return { ...model, entries: new Map([...model.entries, [text, value]]) }
    case 1:
      area.put(text, value)
      return { ...model, area: new Map([...model.area, [text, value]]) }
    case 2:
      part.entries.del(text)
      area.del(text)
      return {
        ...model,
        entries: new Map([...model.entries].filter(([one]) => one !== text)),
        area: new Map([...model.area].filter(([one]) => one !== text)),
      }
    case 3:
      part.setTimer(kind, time, key)
      return withTimers([...without, [time, key] as const].sort(compare))
    case 4:
      part.deleteTimer(kind, time, key)
      return withTimers(without)
    case 5: {
      const taken = part.takeTimer(kind, time)
      const [first] = timers
      expectEqual(taken && [taken.time, taken.key], first && first[0] <= time ? first : undefined, 'the next timer')
      return taken === undefined ? model : withTimers(timers.slice(1))
    }
    default:
      part.advance(time)
      return { ...model, time: Math.max(model.time, time) }
  }
}

/** Compares a part with its model. */
function compareWith(part: OperatorPart<string>, model: Model): void {
  const area = part.area<string, string>('texts', StringCodec())
  for (const text of 'abcd') {
    expectEqual(part.entries.getSync(text), model.entries.get(text), `the entry ${text}`)
    expectEqual(area.getSync(text), model.area.get(text), `the key ${text} of the area`)
  }
  expectEqual(part.time, model.time, 'time')
  for (const kind of KINDS) {
    const first = model.timers[kind][0]?.[0] ?? Infinity
    const next = part.nextTimer(kind)
    if (next > first) throw new Error(`the next timer of ${kind} is at ${first}, got ${next}`)
  }
}

/** Runs random plans against a store, and compares it with a map after each step. */
export async function runPlans(
  create: OperatorStoreConformance['create'],
  can: { readonly restart: boolean; readonly abort: boolean },
): Promise<void> {
  for (let seed = 1; seed <= PLANS; seed++)
    try {
      await runPlan(create, can, numbersOf(seed))
    } catch (error) {
      throw new Error(`plan ${seed}: ${(error as Error).message}`, { cause: error })
    }
}

async function runPlan(
  create: OperatorStoreConformance['create'],
  { restart, abort }: { readonly restart: boolean; readonly abort: boolean },
  random: (below: number) => number,
): Promise<void> {
  const place = await create()
  let process = await startOperatorProcess(place)
  await process.open(LANE)
  let model = EMPTY
  let committed = EMPTY
  for (let step = 0; step < STEPS; step++) {
    const flight = process.begin(LANE)
    const changes = 1 + random(4)
    const ends = random(10)
    // A step may have to begin again: it then does the same.
    const seed = random(2 ** 31)
    const run = () =>
      flight.step((part) => {
        const own = numbersOf(seed)
        compareWith(part, model)
        let changed = model
        for (let i = 0; i < changes; i++) changed = change(part, changed, own)
        compareWith(part, changed)
        return changed
      })
    let changed = await run()
    if (ends === 0) {
      flight.retry()
      changed = await run()
    }
    if (ends === 1) await flight.skip()
    else {
      await flight.release()
      model = changed
    }
    const then = random(8)
    if (then < 2) {
      await process.checkpoint()
      committed = model
    } else if (then === 2 && abort) {
      process.abort()
      model = committed
    } else if (then === 3 && restart) {
      await process.checkpoint()
      committed = model
      await process.end()
      process = await startOperatorProcess(place)
      await process.open(LANE)
    }
  }
  await process.handle(LANE, (part) => {
    compareWith(part, model)
    for (const kind of KINDS)
      for (const [time, key] of model.timers[kind])
        expectEqual(part.takeTimer(kind, time), { time, key }, `the timers of ${kind}`)
    for (const kind of KINDS) expectEqual(part.takeTimer(kind, Infinity), undefined, `the last timer of ${kind}`)
  })
  await process.end()
  await place.destroy?.()
}
