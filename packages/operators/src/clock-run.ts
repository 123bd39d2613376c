import type { Host, Lane, LaneState, SinkOptions } from '@snapstream/core'
import { partitionOfLane } from '@snapstream/core/adapter'
import type { AnyAccess } from './any-store.ts'
import type { Timing } from './chain.ts'
import { createLateMessages } from './late-messages.ts'
import type { LateMessages } from './late-messages.ts'
import { Tick } from './tick.ts'

/** How long to wait before a lane is asked again whether it has caught up, or is open, in ms. */
const AGAIN_MS = 1000

/** The message of a chain that is being handled: its run, source and lane. */
export interface At {
  readonly run: ClockRun
  readonly source: unknown
  readonly lane: Lane
}

/** The clock of a chain in a run. */
export interface ClockRun {
  readonly host: Host
  readonly state: LaneState
  /** Counts the message as late once it is handled. */
  late(at: At, timestamp: number, time: number): void
  close(): void
}

interface ClockRunOptions {
  readonly accesses: readonly AnyAccess[]
  readonly timing: Timing
  readonly options: SinkOptions
  /** A message or tick begins. */
  readonly begun: (at: At) => void
  /** A message or tick begins again, or is over. */
  readonly over: (message: unknown) => void
}

/** The lanes of a partition: they share the parts of the stores, so their time moves if none of them has messages. */
interface Group {
  readonly lanes: At[]
  readonly tick: Tick
  readonly late: LateMessages
  /** When its last message was handled, or it was last seen with messages to handle, on the monotonic clock. */
  busyAt: number
  /** The event times at `busyAt` of a group that is idle. */
  idleTimes: ReadonlyMap<AnyAccess, number> | undefined
  /** The timers at the last tick: a tick that changes none of them is not repeated at once. */
  ticked: string | undefined
}

/** The times of a part. */
interface Times {
  readonly time: number
  readonly event: number
  readonly clock: number
}

export function createClockRun({ accesses, timing, options, begun, over }: ClockRunOptions): ClockRun {
  const { host } = options
  const { idleMs } = timing
  const groups = new Map<number, Group>()
  const ofLane = new Map<Lane, Group>()
  let cancel: (() => void) | undefined
  let wakeAt = Infinity

  function wakeIn(ms: number): void {
    const now = host.monotonic()
    const wait = Math.max(ms, 0)
    if (now + wait >= wakeAt) return
    cancel?.()
    wakeAt = now + wait
    cancel = host.setTimeout(wake, wait)
  }

  function wake(): void {
    cancel = undefined
    wakeAt = Infinity
    let next = Infinity
    for (const group of groups.values()) next = Math.min(next, check(group))
    if (next < Infinity) wakeIn(next)
  }

  /** Ticks a group if a timer is due. Returns how long to wait until it is checked again. */
  function check(group: Group): number {
    const [at] = group.lanes
    if (at === undefined) return Infinity
    const times = new Map<AnyAccess, Times>()
    for (const access of accesses) {
      const part = access.ofLane(at.source, at.lane)
      if (part === undefined) return AGAIN_MS
      times.set(access, { time: part.time, event: part.nextTimer('event'), clock: part.nextTimer('clock') })
    }
    const now = host.now()
    const moved = movedTimes(group, times)
    let wait = typeof moved === 'number' ? moved : Infinity
    for (const [access, { event, clock }] of times) {
      wait = Math.min(wait, clock - now)
      if (typeof moved !== 'number') wait = Math.min(wait, event - (moved.get(access) ?? -Infinity))
    }
    if (wait > 0) return wait
    const timers = [...times.values()].map(({ event, clock }) => `${event} ${clock}`).join()
    if (group.ticked === timers) {
      group.ticked = undefined
      return AGAIN_MS
    }
    group.tick.now = now
    group.tick.times = typeof moved === 'number' ? new Map() : moved
    if (options.tick?.(at.source, at.lane, group.tick)) group.ticked = timers
    return AGAIN_MS
  }

  /** Where the event times of a group are by now, if it is idle; else how long to wait until it may be. */
  function movedTimes(group: Group, times: ReadonlyMap<AnyAccess, Times>): ReadonlyMap<AnyAccess, number> | number {
    if (idleMs === Infinity || [...times.values()].every(({ event }) => event === Infinity)) return Infinity
    const passed = host.monotonic() - group.busyAt
    if (passed < idleMs) return idleMs - passed
    if (!group.lanes.every(({ source, lane }) => options.idle?.(source, lane))) {
      busy(group)
      return Math.min(idleMs, AGAIN_MS)
    }
    group.idleTimes ??= new Map([...times].map(([access, { time }]) => [access, time]))
    // In whole ms, as timestamps are.
    return new Map([...group.idleTimes].map(([access, time]) => [access, Math.floor(time + passed)]))
  }

  function busy(group: Group): void {
    group.busyAt = host.monotonic()
    group.idleTimes = undefined
  }

  /** The lane of a message, among those of its group. */
  function find({ lanes }: Group, source: unknown, lane: Lane): At | undefined {
    return lanes.length === 1 ? lanes[0] : lanes.find((at) => at.lane === lane && at.source === source)
  }

  const state: LaneState = {
    open(source, lane) {
      const partition = partitionOfLane(lane)
      const group: Group = groups.get(partition) ?? {
        lanes: [],
        tick: new Tick(),
        late: createLateMessages(),
        busyAt: 0,
        idleTimes: undefined,
        ticked: undefined,
      }
      groups.set(partition, group)
      ofLane.set(lane, group)
      group.lanes.push({ run, source, lane })
      busy(group)
      // Timers of an earlier process may be due, and no message may come.
      wakeIn(AGAIN_MS)
    },
    close(source, lane) {
      const group = ofLane.get(lane)
      const at = group?.lanes.findIndex((one) => one.lane === lane && one.source === source) ?? -1
      if (group === undefined || at === -1) return
      group.lanes.splice(at, 1)
      group.ticked = undefined
      if (!group.lanes.some((one) => one.lane === lane)) ofLane.delete(lane)
      if (group.lanes.length === 0) groups.delete(partitionOfLane(lane))
    },
    begin(origin) {
      const { message, lane } = origin
      over(message)
      const group = ofLane.get(lane)
      const at = group && find(group, origin.source, lane)
      if (group === undefined || at === undefined) return
      begun(at)
      group.late.begin(message)
      if (message === group.tick) return
      group.ticked = undefined
      busy(group)
    },
    undo() {},
    release({ message, lane }) {
      over(message)
      const group = ofLane.get(lane)
      if (group === undefined) return
      for (const { timestamp, time } of group.late.take(message)) options.late?.(message, { lane, timestamp, time })
      if (message === group.tick) return wakeIn(0)
      group.busyAt = host.monotonic()
      const [at] = group.lanes
      if (at === undefined) return
      if (idleMs < Infinity) wakeIn(idleMs)
      for (const access of accesses) {
        const next = access.ofLane(at.source, at.lane)?.nextTimer('clock') ?? Infinity
        if (next < Infinity) wakeIn(next - host.now())
      }
    },
    prepare() {},
    commit() {},
    abort() {
      for (const group of groups.values()) {
        group.ticked = undefined
        busy(group)
      }
      wakeIn(AGAIN_MS)
    },
    restoring: () => [],
    volatile: true,
  }

  const run: ClockRun = {
    host,
    state,
    late: ({ lane }, timestamp, time) => ofLane.get(lane)?.late.add(timestamp, time),
    close() {
      cancel?.()
      cancel = undefined
      wakeAt = Infinity
      groups.clear()
      ofLane.clear()
    },
  }
  return run
}
