import type { Host, Lane, LaneState, Origin, SinkOptions } from '@snapstream/core'
import { partitionOfLane } from '@snapstream/core/adapter'
import { ownTime } from '../message.ts'

/** How often a source is asked whether it has caught up, in ms: soon at first, then more rarely. */
const ASK_AGAIN_MS = [0, 0, 1, 2, 5, 10, 20, 50]
/** A message that was told to go on, and does not, was given up: its lane was paused. */
const GIVEN_UP_MS = 1000

export interface GateOptions {
  /** The sources, in the order that decides between messages of the same time. */
  readonly sources: readonly unknown[]
  /** How long a message waits for sources that have caught up, in ms. */
  readonly maxIdleMs: number
  /** Whether each source has a lane for each partition, so that a message waits for the one that is not open yet. */
  readonly complete: boolean
  readonly host: Host
  readonly idle: NonNullable<SinkOptions['idle']>
}

/** A lane of a source, in its group. */
interface Place {
  readonly group: Group
  readonly index: number
  readonly source: unknown
  readonly lane: Lane
  /** The time of the message that waits for its turn. */
  head: number | undefined
  /** Has the engine ask again for its message. */
  wake: (() => void) | undefined
  /** When the message was told to go on, on the monotonic clock. */
  wokenAt: number | undefined
  /** Since when it has nothing to give, on the monotonic clock. */
  idleAt: number | undefined
}

/** The lanes of a partition: one of each source. */
interface Group {
  readonly partition: number
  readonly places: Map<unknown, Place>
  /** Those with a message in work. */
  readonly busy: Set<Place>
  /** How often a source was asked in a row. */
  asked: number
  cancel: (() => void) | undefined
}

/**
 * Lets the messages of several sources through in the order of their times, partition by partition, and one after another. A message
 * waits while a source without a message has more to come, and then up to `maxIdleMs`.
 */
export function createGate(
  options: GateOptions,
): Required<Pick<LaneState, 'open' | 'close' | 'turn' | 'begin' | 'undo' | 'release' | 'abort'>> {
  const { sources, maxIdleMs, complete, host, idle } = options
  const groups = new Map<number, Group>()
  /** By source and lane. */
  const places = new Map(sources.map((source) => [source, new Map<Lane, Place>()]))

  function groupOf(partition: number): Group {
    const known = groups.get(partition)
    if (known) return known
    const group: Group = { partition, places: new Map(), busy: new Set(), asked: 0, cancel: undefined }
    groups.set(partition, group)
    return group
  }

  /** How long a message has to wait at least, in ms. 0: it may go. Infinity: until another message has gone. */
  function waitOf(group: Group, place: Place): number {
    if (group.busy.size > 0) return Infinity
    let wait = 0
    for (const source of sources) {
      const other = group.places.get(source)
      if (other === place) continue
      if (other?.head !== undefined && isGivenUp(other)) other.head = undefined
      if (other?.head === undefined) wait = Math.max(wait, waitFor(group, other))
      else if (isBefore(other, place)) return Infinity
    }
    return wait
  }

  /** How long to wait for a source without a message. */
  function waitFor(group: Group, other: Place | undefined): number {
    const again = ASK_AGAIN_MS[Math.min(group.asked, ASK_AGAIN_MS.length - 1)] as number
    // At least a little, so that it is not taken for "go on".
    if (other === undefined) return complete ? again + Number.MIN_VALUE : 0
    // An async iterable does not know whether it has more.
    if (!isAsync(other.source) && !idle(other.source, other.lane)) {
      other.idleAt = undefined
      return again + Number.MIN_VALUE
    }
    other.idleAt ??= host.monotonic()
    return Math.max(0, other.idleAt + maxIdleMs - host.monotonic())
  }

  function isGivenUp({ wokenAt = Infinity }: Place): boolean {
    return host.monotonic() - wokenAt >= GIVEN_UP_MS
  }

  /** Lets the next message go on, if it may, or looks again later. */
  function check(group: Group): void {
    rest(group)
    const heads = [...group.places.values()].filter((place) => place.head !== undefined && !isGivenUp(place))
    const [first] = heads.toSorted((a, b) => (isBefore(a, b) ? -1 : 1))
    if (first === undefined) return
    if (first.wake === undefined) return later(group, GIVEN_UP_MS)
    const wait = waitOf(group, first)
    if (wait > 0) {
      group.asked++
      return later(group, wait)
    }
    const { wake } = first
    first.wake = undefined
    first.wokenAt = host.monotonic()
    wake()
    later(group, GIVEN_UP_MS)
  }

  function rest(group: Group): void {
    group.cancel?.()
    group.cancel = undefined
  }

  function later(group: Group, ms: number): void {
    if (ms < Infinity) group.cancel = host.setTimeout(() => check(group), ms)
  }

  const placeOf = ({ source, lane }: Origin): Place | undefined => places.get(source)?.get(lane)

  /** A message is over. */
  function leave(place: Place): void {
    const { group } = place
    group.busy.delete(place)
    // If it has another message, that asks for its turn before.
    if (group.cancel === undefined && [...group.places.values()].some(({ wake }) => wake)) later(group, 0)
  }

  return {
    open(source, lane) {
      const group = groupOf(partitionOfLane(lane))
      const place: Place = {
        group,
        index: sources.indexOf(source),
        source,
        lane,
        head: undefined,
        wake: undefined,
        wokenAt: undefined,
        idleAt: undefined,
      }
      group.places.set(source, place)
      places.get(source)?.set(lane, place)
    },
    close(source, lane) {
      const place = places.get(source)?.get(lane)
      if (place === undefined) return
      const { group } = place
      places.get(source)?.delete(lane)
      group.places.delete(source)
      group.busy.delete(place)
      check(group)
      if (group.places.size === 0) groups.delete(group.partition)
    },
    turn(origin) {
      const place = placeOf(origin)
      if (place === undefined) return undefined
      const { group } = place
      // The message before it is over.
      group.busy.delete(place)
      group.asked = 0
      // It does go on: nothing else waits for that.
      if (place.wokenAt !== undefined) rest(group)
      // One without a time does not wait for others.
      place.head = Number(origin.timestamp ?? ownTime(Object(origin.message)) ?? -Infinity)
      place.wokenAt = undefined
      place.idleAt = undefined
      if (waitOf(group, place) === 0) {
        place.head = undefined
        return undefined
      }
      return new Promise<void>((resolve) => {
        place.wake = resolve
        check(group)
      })
    },
    begin(origin) {
      const place = placeOf(origin)
      place?.group.busy.add(place)
    },
    undo(origin) {
      const place = placeOf(origin)
      // It may have been given up. If not, its source has not caught up, so that others wait for it.
      if (place) leave(place)
    },
    release(origin) {
      const place = placeOf(origin)
      if (place) leave(place)
    },
    abort() {
      for (const group of groups.values()) {
        rest(group)
        group.busy.clear()
        for (const place of group.places.values()) {
          place.wake?.()
          Object.assign(place, { head: undefined, wake: undefined, idleAt: undefined })
        }
      }
    },
  }
}

function isBefore(one: Place, other: Place): boolean {
  const [a, b] = [one.head as number, other.head as number]
  return a < b || (a === b && one.index < other.index)
}

function isAsync(source: unknown): boolean {
  return (
    typeof (source as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function' &&
    !('~snapstream.source' in Object(source))
  )
}
