import type { App, AppOptions } from '../app.ts'
import type { SinkOptions, SinkTarget } from '../protocol.ts'
import { createVirtualHost } from '../testing/virtual-host.ts'
import type { OnError } from '../types.ts'
import { earlierOf } from './fake-state.ts'
import { createTransactionGroup } from './transaction-group.ts'
import type { Member } from './transaction-group.ts'
import type { TransactionBehaviour, TransactionScenario, TransactionTick } from './transaction-scenario.ts'
import type { Place, Value } from './transaction-sink.ts'

const BACKOFF_MS = 7
/** When the first members are stopped, in ms. */
const STOP_MS = 600
const AT_ONCE = { handleMs: 0, fails: 0 }

interface Tick extends Pick<TransactionTick, 'log' | 'lane' | 'handleMs' | 'fails'> {
  readonly number: number
  attempts: number
}

/** Far more runs than the failures of a scenario can end. */
const MAX_RUNS = 200

/**
 * Runs a scenario on virtual time: some members while events happen, and then one member after another until a run has handled
 * everything. Returns the guarantees that the engine violated; empty if it kept all of them:
 * - Every message has all its outputs, each once. If it failed, it may have been skipped, or have one dead letter instead.
 * - Outputs are committed in the order of their lane, or key.
 * - The state of a lane has the write of each handled message once. A handler sees those of the messages before it, and no other.
 * - What a tick wrote is committed at most once, and by the owner of its lane.
 * - A transaction is flushed and aborted while no message is in flight.
 * - A run that ends without an error has committed everything.
 * - Every run ends and leaves no timer.
 */
export async function checkTransactions(
  makeApp: (options: AppOptions) => App<{}>,
  scenario: TransactionScenario,
): Promise<string[]> {
  const host = createVirtualHost({ startMs: 1_700_000_000_000 })
  const violations: string[] = []
  const violated = (what: string) => void violations.push(what)
  const group = createTransactionGroup(host, scenario, violated)
  let ticked = 0
  /** By message, how many attempts, writes and late refusals failed in all runs. */
  const failures = new Map<string, Record<'handlerFails' | 'sinkFails' | 'lateFails', number>>()
  const nameOf = ({ log, lane, index }: Place) => `${log}/${lane}/${index}`
  const behaviourOf = ({ log, lane, index }: Place) => {
    const { behaviours } = scenario.bindings[log] as TransactionScenario['bindings'][0]
    return behaviours[(lane + index) % behaviours.length] as TransactionBehaviour
  }

  /** Whether the next attempt fails. */
  function fails(place: Place, kind: 'handlerFails' | 'sinkFails' | 'lateFails'): boolean {
    const own = failures.get(nameOf(place)) ?? { handlerFails: 0, sinkFails: 0, lateFails: 0 }
    failures.set(nameOf(place), own)
    return own[kind]++ < behaviourOf(place)[kind]
  }

  /** Whether it may be skipped or have a dead letter. */
  function mayFail(place: Place): boolean {
    const { handlerFails, sinkFails, lateFails } = behaviourOf(place)
    const { onError } = scenario.bindings[place.log] as TransactionScenario['bindings'][0]
    return handlerFails + sinkFails + lateFails > 0 && (onError === 'skip' || onError === 'bury')
  }

  /** Uses the state as a handler does. Of a lane that belongs to this member it has exactly the writes before the message. */
  function useState(member: Member, place: Place) {
    const { log, lane, index } = place
    const isKeyed = (scenario.bindings[log] as TransactionScenario['bindings'][0]).concurrency > 1
    const earlier = earlierOf(scenario.logs[log]?.[lane] ?? [], index, isKeyed)
    // A member that has lost the lane, and is not told yet, commits nothing any more.
    const isOwn = member.owns(place)
    const expected = isOwn ? earlier.filter((other) => !mayFail({ ...place, index: other })) : []
    const seen = member.state?.use(place, expected) ?? []
    if (isOwn && (isKeyed ? seen.includes(index) : seen.some((other) => other >= index)))
      violated(`${nameOf(place)} sees the writes of ${seen.join()}`)
  }

  /** A tick writes one value. */
  function handleTick(member: Member, tick: Tick): unknown {
    const { log, lane, handleMs, fails } = tick
    const value: Value = { place: { log, lane, index: tick.number, key: 0 }, nth: -3, refusesLate: () => false }
    if (tick.attempts++ < fails) throw new Error('the tick fails')
    if (handleMs === 0) return value
    member.inFlight++
    return new Promise((resolve) => host.setTimeout(() => resolve(value), handleMs)).finally(() => member.inFlight--)
  }

  function createHandler(member: Member) {
    return (place: Place | Tick) => {
      if ('number' in place) return handleTick(member, place)
      useState(member, place)
      const { handleMs, outputs, generator } = behaviourOf(place)
      const isLate = outputs === 1
      const all = Array.from({ length: outputs }, (_, nth): Value => ({
        place,
        nth,
        refusesLate: () => isLate && fails(place, 'lateFails'),
      }))
      const wait = () => new Promise<void>((resolve) => host.setTimeout(resolve, handleMs))
      const isFailure = fails(place, 'handlerFails')
      if (generator) return spread(member, all, handleMs === 0 ? undefined : wait, isFailure)
      const answer = () => {
        if (isFailure) throw new Error('the handler fails')
        return outputs === 1 ? all[0] : all.values()
      }
      if (handleMs === 0) return answer()
      member.inFlight++
      return wait().then(() => {
        member.inFlight--
        return answer()
      })
    }
  }

  async function* spread(
    member: Member,
    all: readonly Value[],
    wait: (() => Promise<void>) | undefined,
    fails: boolean,
  ) {
    member.inFlight++
    try {
      for (const value of all) {
        yield value
        await wait?.()
        if (fails) throw new Error('the handler fails')
      }
      if (fails) throw new Error('the handler fails')
    } finally {
      member.inFlight--
    }
  }

  /** The sink of a member, which refuses some values at once. */
  function refusing({ sink }: Member): Member['sink'] {
    return {
      async '~snapstream.sink'(options) {
        const writer = await sink['~snapstream.sink'](options)
        return {
          ...writer,
          write(value, origin) {
            const { place, nth } = value as Value
            if (nth === 0 && fails(place, 'sinkFails')) throw new Error('the sink refuses')
            return writer.write(value, origin)
          },
        }
      },
    }
  }

  function createRun(member: Member, shutdownMs: number) {
    const app = makeApp({ host })
    const sink = refusing(member)
    const clock = createClock()
    const stopping = new AbortController()
    for (const [log, source] of member.sources.entries()) {
      const { onError, retries, concurrency } = scenario.bindings[log] as TransactionScenario['bindings'][0]
      const policy: OnError<Place> =
        onError === 'stop' || onError === 'skip'
          ? onError
          : {
              retries: onError === 'bury' ? retries : 9,
              backoffMs: BACKOFF_MS,
              ...(onError === 'bury' && { deadLetter: member.deadLetter }),
            }
      app.snap(source, { name: String(log), concurrency, onError: policy, sink: [sink], use: [clock] })(
        createHandler(member) as never,
      )
    }
    const tick = (log: number, lane: number, given: Pick<TransactionTick, 'handleMs' | 'fails'>) =>
      clock.tick(member.sources[log], lane, { ...given, log, lane, number: ticked++, attempts: 0 })
    let aborts = 0
    app.on('abort', ({ bindings, lanes }) => {
      aborts++
      if (scenario.ticksAtOnce)
        for (const name of bindings) for (const lane of lanes) tick(Number(name), Number(lane), AT_ONCE)
    })
    const { checkpointMs } = scenario
    const ended = app.stream({}, { signal: stopping.signal, checkpointMs, shutdownMs }).then(
      () => {
        const counts = app.health().bindings.map(({ aborted }) => aborted)
        if (counts.some((count) => count !== aborts)) violated(`health counts ${counts.join()} of ${aborts} aborts`)
        return true
      },
      () => false,
    )
    return { ended, stop: () => stopping.abort(), tick }
  }

  async function runMembers() {
    const { members, shutdownMs, sink } = scenario
    const all = Array.from({ length: members }, (_, i) => {
      const member = group.createMember({ all: false, failAtFlush: sink.failAtFlush })
      return { i, member, ...createRun(member, shutdownMs) }
    })
    const first = all[0] as (typeof all)[0]
    const start = (async () => {
      await new Promise<void>((resolve) => host.setTimeout(resolve, 1))
      await group.start(first.member)
    })()
    const events = scenario.events.map(async ({ at, kind, log, lane, member, tellMs }) => {
      await new Promise<void>((resolve) => host.setTimeout(resolve, at + 2))
      const to = all[member % members] as (typeof all)[0]
      const from = log % scenario.logs.length
      const of = lane % (scenario.logs[from] as readonly unknown[]).length
      if (kind === 'stop') to.stop()
      else if (kind === 'pause') await group.pause(from, of)
      else if (kind === 'kill') {
        to.member.kill()
        to.stop()
      } else {
        // Also that of a member which has lost the lane, and is not told yet.
        if (scenario.ticksAtOnce) host.setTimeout(() => all.forEach((one) => one.tick(from, of, AT_ONCE)), 1)
        await group.move(from, of, to.member, kind === 'lose' ? tellMs : undefined)
      }
    })
    for (const { at, member, ...tick } of scenario.ticks)
      host.setTimeout(() => {
        const log = tick.log % scenario.logs.length
        const lane = tick.lane % (scenario.logs[log] as readonly unknown[]).length
        all[member % members]?.tick(log, lane, tick)
      }, at + 2)
    host.setTimeout(() => all.forEach(({ stop }) => stop()), STOP_MS)
    await host.settle(Promise.all([start, ...events, ...all.map(({ ended }) => ended)]))
  }

  async function runToEnd() {
    for (let i = 0; i < MAX_RUNS; i++) {
      const member = group.createMember({ all: true, failAtFlush: 0 })
      if (await host.settle(createRun(member, scenario.shutdownMs).ended)) return
    }
    violated('no run succeeds')
  }

  try {
    await runMembers()
    await runToEnd()
  } catch (error) {
    return [...violations, `a run does not end: ${String(error)}`]
  }
  // The readers' own timers are short; the engine has leaked those that are left after them.
  await host.advance(1000)
  if (host.timers > 0) violated(`${host.timers} timers are left`)

  const committed = new Map<string, number[]>()
  const last = new Map<string, number>()
  const writes = new Map<string, number>()
  const ticks = group.values.flatMap(({ place, nth }) => (nth === -3 ? place.index : []))
  if (new Set(ticks).size < ticks.length) violated(`the ticks ${ticks.join()} are committed`)
  for (const { place, nth } of group.values) {
    // Also the dead letter of a tick.
    if (nth === -3 || 'number' in place) continue
    if (nth === -2) {
      writes.set(nameOf(place), (writes.get(nameOf(place)) ?? 0) + 1)
      continue
    }
    const name = nameOf(place)
    const before = committed.get(name) ?? []
    committed.set(name, [...before, nth])
    const isKeyed = (scenario.bindings[place.log] as TransactionScenario['bindings'][0]).concurrency > 1
    const order = `${place.log}/${place.lane}${isKeyed ? `#${place.key}` : ''}`
    // A value that was refused late is written behind others.
    if (behaviourOf(place).lateFails > 0) continue
    if ((last.get(order) ?? -1) > place.index) violated(`${name} is committed after ${last.get(order)}`)
    last.set(order, place.index)
  }
  for (const [log, lanes] of scenario.logs.entries())
    for (const [lane, keys] of lanes.entries()) {
      const position = group.lanes[log]?.[lane]?.committed
      if (position !== keys.length) violated(`lane ${log}/${lane} ends at ${position} of ${keys.length}`)
      for (const [index, key] of keys.entries()) {
        const place = { log, lane, index, key }
        const { outputs, handlerFails, sinkFails, lateFails } = behaviourOf(place)
        const found = (committed.get(nameOf(place)) ?? []).join()
        const { onError } = scenario.bindings[log] as TransactionScenario['bindings'][0]
        const failed = handlerFails + sinkFails + lateFails > 0
        const expected = [Array.from({ length: outputs }, (_, nth) => nth).join()]
        if (failed && onError === 'skip') expected.push('')
        if (failed && onError === 'bury') expected.push('-1')
        const wrote = writes.get(nameOf(place)) ?? 0
        // A value that is refused late belongs to a message that counts as handled: its write stays.
        const isLeftOut = mayFail(place) && (lateFails > 0 || found !== expected[0] || outputs === 0)
        if (scenario.openMs.length > 0 && !(wrote === 1 || (wrote === 0 && isLeftOut)))
          violated(`${nameOf(place)} is written ${wrote} times`)
        if (wrote > 0 && lateFails === 0 && found !== expected[0])
          violated(`${nameOf(place)} is written, and has the outputs [${found}]`)
        if (!expected.includes(found))
          violated(`${nameOf(place)} has the outputs [${found}], expected [${expected.join('] or [')}]`)
      }
    }
  return violations
}

/** A sink that the bindings use to tick their lanes. */
function createClock() {
  let options: SinkOptions | undefined
  const nothing = () => {}
  const state = { open: nothing, close: nothing, begin: nothing, undo: nothing, release: nothing, prepare: nothing }
  const sink: SinkTarget<never> = {
    '~snapstream.sink'(given) {
      options = given
      const kept = { ...state, commit: nothing, abort: nothing, restoring: () => [], volatile: true }
      return { write: nothing, flush: nothing, state: kept }
    },
  }
  const tick = (source: unknown, lane: number, message: object) => options?.tick?.(source, lane, message)
  return { ...sink, open: async () => {}, close: async () => {}, tick }
}
