import type { App, AppOptions } from '../app.ts'
import { createVirtualHost } from '../testing/virtual-host.ts'
import type { SinkTarget } from '../protocol.ts'
import type { OnError } from '../types.ts'
import { createBindingState } from './binding-state.ts'
import { earlierOf } from './fake-state.ts'
import type { FakeState } from './fake-state.ts'
import { createGroupLog } from './group-log.ts'
import type { GroupLog, Message } from './group-log.ts'
import { ENOUGH_MS } from './scenario.ts'
import type { Behaviour, BindingPlan, Scenario } from './scenario.ts'

const BACKOFF_MS = 7

/** A value on its way to the sink. */
interface Output {
  readonly message: Message
  readonly binding: number
  readonly nth: number
}

/** The progress of a message in one epoch of its lane. */
interface Progress {
  readonly message: Message
  handlerTries: number
  sinkTries: number
  lastTryAt: number
  handling: boolean
  written: Set<number>
  buried: boolean
  /** Its handler ended because its signal was aborted. */
  aborted: boolean
}

/**
 * Runs a scenario on virtual time and returns the guarantees that the engine violated; empty if it kept all of them:
 * - A position is committed only once every output and write of every message before it is durable.
 * - A handler sees the writes of the messages before it, and no message of a lost lane is released.
 * - Messages keep their order in a lane and a key.
 * - A retry waits for its backoff.
 * - No message is handled twice in one assignment, or by two owners at once.
 * - A message that was started and is unfinished at the end is counted as undone.
 * - The stream always ends and leaves no timer.
 */
export async function checkScenario(makeApp: (options: AppOptions) => App<{}>, scenario: Scenario): Promise<string[]> {
  const host = createVirtualHost({ startMs: 1_700_000_000_000 })
  const violations: string[] = []
  const violated = (what: string) => void violations.push(what)
  const durable = new Set<string>()
  const answered = new Set<string>()
  const progress = new Map<string, Progress>()
  /** The last started message, by binding, lane, epoch and, with concurrency, key. */
  const latest = new Map<string, Progress>()
  const plans = scenario.bindings.map((plan) => ({
    ...plan,
    reads: [...new Set(plan.reads.map((i) => i % scenario.logs.length))],
  }))

  const behaviourOf = (plan: BindingPlan, { log, lane, index }: Message) =>
    plan.behaviours[(log + lane + index) % plan.behaviours.length] as Behaviour
  const retriesOf = (plan: BindingPlan) => (plan.onError === 'retry' || plan.onError === 'bury' ? plan.retries : 0)
  const name = ({ log, lane, index }: Pick<Message, 'log' | 'lane' | 'index'>, binding: number) =>
    `${binding}:${log}/${lane}/${index}`

  /** Whether a message is finished: all its outputs are written, or it was skipped or dead-lettered. */
  function isThrough(plan: BindingPlan, own: Progress) {
    const { message, handlerTries, sinkTries, handling, written, buried, aborted } = own
    if (buried) return true
    const { outputs, handlerFails } = behaviourOf(plan, message)
    const tries = retriesOf(plan) + 1
    const givenUp = handlerTries >= tries && handlerFails >= tries
    const refused = sinkTries >= tries && outputs > 0 && behaviourOf(plan, message).sinkFails >= tries
    if (givenUp || refused) return plan.onError === 'skip'
    return !aborted && !handling && handlerTries > handlerFails && written.size === outputs
  }

  /** Whether its last attempt fails. */
  function fails(plan: BindingPlan, message: Message) {
    const { outputs, handlerFails, sinkFails } = behaviourOf(plan, message)
    const tries = retriesOf(plan) + 1
    return handlerFails >= tries || (outputs > 0 && sinkFails >= tries)
  }

  function isDurable(plan: BindingPlan, message: Message, binding: number) {
    const { outputs } = behaviourOf(plan, message)
    if (fails(plan, message)) return plan.onError === 'skip' || durable.has(`${name(message, binding)}!`)
    if (!answered.has(name(message, binding))) return false
    if (scenario.openMs.length > 0 && !durable.has(`${name(message, binding)}~`)) return false
    return Array.from({ length: outputs }, (_, i) => i).every((i) => durable.has(`${name(message, binding)}+${i}`))
  }

  const logs: GroupLog[] = scenario.logs.map(({ lanes }, id) =>
    createGroupLog({
      id,
      lanes,
      members: scenario.members,
      ...scenario.reader,
      host,
      violated,
      committed(lane, position) {
        for (let index = 0; index < position; index++)
          for (const [binding, plan] of plans.entries()) {
            const message = { log: id, lane, index, key: 0, member: 0, epoch: 0 }
            if (plan.reads.includes(id) && !isDurable(plan, message, binding))
              violated(`${name(message, binding)} is committed before its outputs are durable`)
          }
      },
    }),
  )

  function started(plan: BindingPlan, binding: number, message: Message): Progress {
    const id = `${name(message, binding)}@${message.epoch}`
    let own = progress.get(id)
    if (own === undefined) {
      own = {
        message,
        handlerTries: 0,
        sinkTries: 0,
        lastTryAt: 0,
        handling: false,
        written: new Set(),
        buried: false,
        aborted: false,
      }
      progress.set(id, own)
      const within = plan.concurrency === 1 ? '' : `#${message.key}`
      const lane = `${binding}:${message.log}/${message.lane}${within}`
      const before = latest.get(lane)
      latest.set(lane, own)
      if (before === undefined) return own
      const same = before.message.epoch === message.epoch
      if (same && before.message.index >= message.index) violated(`${id} comes after ${before.message.index}`)
      if (same && !isThrough(plan, before)) violated(`${id} starts before ${before.message.index} is through`)
      // The lane has a new owner, or the same one again. The previous owner must have finished, unless the lane was lost.
      if (!same && before.handling && !logs[message.log]?.wasLost(before.message)) violated(`${id} has two owners`)
      if (plan.concurrency === 1 && same && before.message.index + 1 !== message.index) violated(`${id} leaves a gap`)
      return own
    }
    if (own.handling) violated(`${id} is handled twice at once`)
    const lastFailed = own.handlerTries <= behaviourOf(plan, message).handlerFails
    if (!lastFailed) violated(`${id} is handled again though it was handled`)
    const backoffMs = BACKOFF_MS * 2 ** (own.handlerTries - 1)
    if (host.monotonic() < own.lastTryAt + backoffMs) violated(`${id} is retried before its backoff is over`)
    return own
  }

  function createHandler(plan: BindingPlan, binding: number, state: FakeState<Message> | undefined) {
    return (message: Message, { signal }: { readonly signal: AbortSignal }) => {
      const own = started(plan, binding, message)
      const keys = scenario.logs[message.log]?.lanes[message.lane] ?? []
      const earlier = earlierOf(keys, message.index, plan.concurrency > 1)
      state?.use(
        message,
        earlier.filter((index) => !fails(plan, { ...message, index })),
      )
      const { handleMs, outputs, generator, handlerFails, heeds } = behaviourOf(plan, message)
      const values = Array.from({ length: outputs }, (_, nth): Output => ({ message, binding, nth }))
      own.handlerTries++
      own.lastTryAt = host.monotonic()
      const isFailure = own.handlerTries <= handlerFails
      const finish = () => {
        own.handling = false
        own.lastTryAt = host.monotonic()
        if (isFailure) throw new Error('the handler fails')
        answered.add(name(message, binding))
      }
      own.handling = true
      const wait = () =>
        new Promise<void>((resolve, reject) => {
          const abort = () => {
            cancel()
            own.aborted = true
            own.handling = false
            reject(new Error('the handler was told to end'))
          }
          const cancel = host.setTimeout(() => {
            signal.removeEventListener('abort', abort)
            resolve()
          }, handleMs)
          if (heeds) signal.addEventListener('abort', abort)
        })
      if (generator === 'async') return spread(own, values, wait, finish)
      const emit = outputs > 1 || generator === 'sync'
      const answer = () => {
        finish()
        return emit ? values.values() : values[0]
      }
      return handleMs === 0 ? answer() : wait().then(answer)
    }
  }

  async function* spread(own: Progress, values: readonly Output[], wait: () => Promise<void>, finish: () => void) {
    let ended = false
    await wait()
    finish()
    own.handling = true
    try {
      for (const value of values) {
        yield value
        await wait()
      }
      ended = true
    } finally {
      own.handling = false
      // The generator was left early: the message was given up, or an output was refused.
      own.aborted ||= !ended
    }
  }

  function createSink(
    isDeadLetter: boolean,
    state?: FakeState<Message>,
  ): SinkTarget<Output | { message: Message; binding: string }> {
    const { writeMs, flushMs, failAtFlush } = scenario.sink
    return {
      '~snapstream.sink': () => {
        let buffer: string[] = []
        let flushes = 0
        return {
          ...(state && { state }),
          write(value) {
            if (isDeadLetter) {
              const { message, binding } = value as { message: Message; binding: string }
              const own = progress.get(`${name(message, Number(binding))}@${message.epoch}`)
              if (own) own.buried = true
              buffer.push(`${name(message, Number(binding))}!`)
              return undefined
            }
            const { message, binding, nth } = value as Output
            const id = name(message, binding)
            const own = progress.get(`${id}@${message.epoch}`) as Progress
            const plan = plans[binding] as BindingPlan
            if (nth === 0 && own.sinkTries++ < behaviourOf(plan, message).sinkFails) throw new Error('the sink refuses')
            if (own.written.has(nth)) violated(`${id}+${nth} is written twice`)
            own.written.add(nth)
            buffer.push(`${id}+${nth}`)
            return writeMs === 0 ? undefined : new Promise<void>((resolve) => host.setTimeout(resolve, writeMs))
          },
          async flush() {
            const flushed = buffer
            buffer = []
            await new Promise<void>((resolve) => host.setTimeout(resolve, flushMs))
            if (++flushes === failAtFlush && !isDeadLetter) throw new Error('the flush fails')
            for (const one of flushed) durable.add(one)
          },
        }
      },
    }
  }

  /** Messages that were started, are unfinished and still belong to the member have to be counted, by binding and lane. */
  function checkUndone(member: number, undone: readonly string[], error: unknown) {
    if (scenario.shutdownMs === ENOUGH_MS && undone.length > 0) violated(`there was time for: ${undone.join('; ')}`)
    // A failed message is reported by its error.
    if (error !== undefined && (error as { code: string }).code !== 'SHUTDOWN_TIMEOUT') return
    const left = new Map<string, number>()
    const count = (id: string, by: number) => left.set(id, (left.get(id) ?? 0) + by)
    for (const [id, own] of progress) {
      const binding = Number(id.split(':')[0])
      const { message } = own
      if (message.member !== member || logs[message.log]?.wasMoved(message)) continue
      if (!isThrough(plans[binding] as BindingPlan, own)) count(`${binding} (lane ${message.lane})`, 1)
    }
    for (const line of undone) {
      const [, number, id] = /^(\d+) (?:in flight|given up) in (\d+ \(lane \d+)/.exec(line) ?? []
      if (id) count(`${id})`, -Number(number))
    }
    for (const [id, number] of left) if (number > 0) violated(`${number} of ${id} are left in silence`)
  }

  const createState = (member: number, binding: number) =>
    createBindingState({
      host,
      openMs: scenario.openMs,
      keepMs: scenario.sink.flushMs,
      logs,
      member,
      durable,
      nameOf: (place) => `${name(place, binding)}~`,
      violated,
    })

  function createMember(member: number) {
    const app = makeApp({ host })
    for (const [binding, plan] of plans.entries()) {
      const [first, ...rest] = plan.reads.map((i) => (logs[i] as GroupLog).source(member))
      if (first === undefined) continue
      const onError: OnError<Message> =
        plan.onError === 'retry' || plan.onError === 'bury'
          ? {
              retries: plan.retries,
              backoffMs: BACKOFF_MS,
              ...(plan.onError === 'bury' && { deadLetter: createSink(true) }),
            }
          : plan.onError
      const state = scenario.openMs.length > 0 ? createState(member, binding) : undefined
      const options = {
        name: String(binding),
        concurrency: plan.concurrency,
        onError,
        sink: [createSink(false, state)],
      }
      app.snap(first, ...rest, options as never)(createHandler(plan, binding, state) as never)
    }
    return app
  }

  const stops = Array.from({ length: scenario.members }, () => new AbortController())
  const failed: unknown[] = []
  const runs = Array.from({ length: scenario.members }, async (_, member) => {
    const { checkpointMs, shutdownMs } = scenario
    const app = createMember(member)
    app.on('stop', ({ undone, error }) => checkUndone(member, undone, error))
    await app
      .stream({}, { signal: (stops[member] as AbortController).signal, checkpointMs, shutdownMs })
      .catch((error: unknown) => failed.push(error))
  })
  const events = Promise.all(
    scenario.events.map(async ({ at, kind, log, lane, member }) => {
      await new Promise<void>((resolve) => host.setTimeout(resolve, at))
      const to = member % scenario.members
      const one = logs[log % logs.length] as GroupLog
      if (kind === 'clock') host.correct((lane - 1) * 3_600_000)
      else if (kind === 'stop') (stops[to] as AbortController).abort()
      else await one.move(lane % one.committed.length, to, kind === 'lose')
    }),
  ).then(() => logs.forEach((log) => log.settle()))
  try {
    await host.settle(Promise.all([...runs, events]))
  } catch (error) {
    return [...violations, `the stream does not end: ${String(error)}`]
  }
  // The reader's own timers are short; the engine has leaked those that are left after them.
  await host.advance(1000)
  if (host.timers > 0) violated(`${host.timers} timers are left`)
  const mayStopEarly = failed.length > 0 || scenario.events.length > 0
  for (const [id, log] of logs.entries())
    for (const [lane, position] of log.committed.entries()) {
      const length = scenario.logs[id]?.lanes[lane]?.length ?? 0
      const read = plans.some((plan) => plan.reads.includes(id))
      if (read && !mayStopEarly && position !== length) violated(`lane ${id}/${lane} ends at ${position} of ${length}`)
    }
  return violations
}
