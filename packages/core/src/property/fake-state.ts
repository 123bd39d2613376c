import type { Host } from '../host.ts'
import type { Lane, LaneState } from '../protocol.ts'

/** A message, by its place: it is written to the part of its lane once. */
export interface Placed {
  readonly log: number
  readonly lane: number
  readonly index: number
}

type LanePlace = Omit<Placed, 'index'>

/** The log behind a state: it keeps the indexes of the messages that were written, by part. */
interface StateLog<M> {
  /** Which lane it is. */
  laneOf(source: unknown, lane: Lane): LanePlace
  /** The committed writes of a lane. */
  committed(lane: LanePlace): readonly number[]
  /** Takes the write of a message that counts as handled. */
  send(message: M): void
  /** Resolves once these writes are durable. With a transaction they are. */
  keep(messages: readonly M[]): Promise<void>
}

interface Part<M> {
  readonly lane: LanePlace
  isOpen: boolean
  readonly stored: Set<number>
  prepared: M[]
  released: M[]
}

/** A state that opens late, and what handlers do with it. */
export interface FakeState<M> extends LaneState {
  /**
   * The handler of a message reads the writes in the part of its lane, which have to have those of these messages, and writes
   * its own. Returns those that it has read.
   */
  use(message: M, expected: readonly number[]): readonly number[]
}

/** The messages of a lane, or with `isKeyed` of its key, that are handled before the message with this index. */
export function earlierOf(keys: readonly number[], index: number, isKeyed: boolean): readonly number[] {
  return keys.slice(0, index).flatMap((key, i) => (isKeyed && key !== keys[index] ? [] : i))
}

/** Makes the state of one member. It reports calls in the wrong order, and writes that are ahead of the log. */
export function createFakeState<M extends Placed>(
  host: Host,
  openMs: readonly number[],
  log: StateLog<M>,
  violated: (what: string) => void,
): FakeState<M> {
  const parts = new Map<string, Part<M>>()
  /** Parts of which `open` is pending. */
  const opening = new Set<string>()
  /** By message in flight, whether it has written. */
  const begun = new Map<M, boolean>()
  let opens = 0
  const partOf = ({ log, lane }: LanePlace) => `${log}/${lane}`
  const nameOf = (message: M) => `${partOf(message)}/${message.index}`

  /** Reads see the newest, also the writes of messages in flight. */
  function view({ lane, stored, prepared, released }: Part<M>): readonly number[] {
    const inFlight = [...begun].flatMap(([message, wrote]) =>
      wrote && partOf(message) === partOf(lane) ? message : [],
    )
    return [...stored, ...[...prepared, ...released, ...inFlight].map(({ index }) => index)]
  }

  return {
    async open(source, lane, signal) {
      const place = log.laneOf(source, lane)
      const id = partOf(place)
      if (parts.has(id) || opening.has(id)) violated(`part ${id} is opened twice`)
      const part: Part<M> = { lane: place, isOpen: false, stored: new Set(), prepared: [], released: [] }
      parts.set(id, part)
      opening.add(id)
      const waitMs = openMs[opens++ % openMs.length] as number
      if (waitMs > 0) await new Promise<void>((resolve) => host.setTimeout(resolve, waitMs))
      opening.delete(id)
      if (signal.aborted) throw new Error('the part is given up')
      for (const index of log.committed(place)) part.stored.add(index)
      part.isOpen = true
    },
    close(source, lane) {
      const id = partOf(log.laneOf(source, lane))
      if (!parts.delete(id)) violated(`part ${id} is closed without an open`)
    },
    begin(origin) {
      const message = origin.message as M
      if (begun.get(message)) violated(`${nameOf(message)} begins with the write of an earlier attempt`)
      begun.set(message, false)
    },
    undo: ({ message }) => void begun.delete(message as M),
    release(origin) {
      const message = origin.message as M
      const part = parts.get(partOf(message))
      if (!part?.isOpen) violated(`${nameOf(message)} is released while its part is closed`)
      if (begun.get(message)) {
        part?.released.push(message)
        log.send(message)
      }
      begun.delete(message)
    },
    prepare() {
      for (const part of parts.values()) {
        part.prepared.push(...part.released)
        part.released = []
      }
    },
    async commit() {
      for (const [id, part] of parts) {
        await log.keep(part.prepared)
        for (const { index } of part.prepared) part.stored.add(index)
        part.prepared = []
        const committed = log.committed(part.lane)
        const ahead = [...part.stored].filter((index) => !committed.includes(index))
        if (ahead.length > 0) violated(`part ${id} has ${ahead.join()}, which its log has not`)
      }
    },
    abort() {
      begun.clear()
      for (const part of parts.values()) Object.assign(part, { prepared: [], released: [] })
    },
    restoring: () => [...opening].map((store) => ({ store, partition: 0, done: 0, of: 1, role: 'active' })),
    use(message, expected) {
      const part = parts.get(partOf(message))
      const seen = part ? view(part) : []
      const missing = expected.filter((index) => !seen.includes(index))
      if (missing.length > 0) violated(`${nameOf(message)} does not see the writes of ${missing.join()}`)
      if (!part?.isOpen) violated(`${nameOf(message)} is handled before its part is open`)
      if (begun.get(message) !== false) violated(`${nameOf(message)} is handled before it begins`)
      begun.set(message, true)
      return seen
    },
  }
}
