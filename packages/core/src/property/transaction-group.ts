import type { Host } from '../host.ts'
import type { Batch, BatchSource, Lane, ReaderOptions, SinkTarget } from '../protocol.ts'
import { cursorAt, givesBatch, nextBatch } from '../suite/lane-cursor.ts'
import type { LaneCursor } from '../suite/lane-cursor.ts'
import type { TransactionScenario } from './transaction-scenario.ts'
import { createFakeState } from './fake-state.ts'
import type { FakeState } from './fake-state.ts'
import { createTransactionSink } from './transaction-sink.ts'
import type { Place, Value } from './transaction-sink.ts'

interface Owner {
  readonly member: Member
  /** Each assignment is an epoch. */
  readonly epoch: object
}

interface LaneState {
  committed: number
  owner: Owner | undefined
}

/** A lane that a member reads. */
interface Owned {
  readonly epoch: object
  /** Where it was assigned, or rewound to. */
  start: number
  cursor: LaneCursor
  /** It gives no batches. */
  stopped: boolean
}

/** An app of the group. */
export interface Member {
  readonly sources: readonly BatchSource<Place>[]
  readonly sink: SinkTarget<unknown>
  readonly deadLetter: SinkTarget<unknown>
  /** The state of its sink, if the scenario has one. */
  readonly state: FakeState<Place> | undefined
  /** Whether it reads the lane of a message, which no other member has. */
  owns(place: Place): boolean
  /** The number of messages in flight. */
  inFlight: number
  /** None of its calls has an effect any more. */
  kill(): void
}

/** A broker with sources that members share as a group, and with transactions that hold values and positions. */
export interface TransactionGroup {
  readonly lanes: readonly (readonly LaneState[])[]
  /** The committed values. */
  readonly values: Value[]
  /** `all`: it gets all lanes when it starts, and its sources end after the last message. */
  createMember(options: { readonly all: boolean; readonly failAtFlush: number }): Member
  /** Gives all lanes to a member that is open. */
  start(member: Member): Promise<void>
  /** Hands a lane over. `tellMs`: the member loses it, and is told so much later; undefined: it is asked. */
  move(log: number, lane: number, to: Member, tellMs: number | undefined): Promise<void>
  /** Stops a lane for a while. */
  pause(log: number, lane: number): Promise<void>
}

export function createTransactionGroup(
  host: Host,
  { logs, sink: plan, openMs, reader }: Pick<TransactionScenario, 'logs' | 'sink' | 'openMs' | 'reader'>,
  violated: (what: string) => void,
): TransactionGroup {
  const lanes = logs.map((all) => all.map((): LaneState => ({ committed: 0, owner: undefined })))
  const values: Value[] = []
  const readers = new Map<Member, LogReader[]>()
  const sleep = (ms: number) => new Promise<void>((resolve) => host.setTimeout(resolve, ms))
  const stateOf = (log: number, lane: Lane) => lanes[log]?.[lane as number] as LaneState
  const readerOf = (member: Member, log: number) => readers.get(member)?.[log] as LogReader
  const goBack = (log: number, lane: number, own: Owned) =>
    Object.assign(own, {
      start: stateOf(log, lane).committed,
      cursor: cursorAt(stateOf(log, lane).committed),
      stopped: false,
    })

  interface LogReader {
    readonly owned: Map<number, Owned>
    /** By lane, tells the engine of a loss that it does not know of yet. */
    readonly untold: Map<number, () => void>
    options: ReaderOptions | undefined
    closed: boolean
    wake: () => void
    assign(ids: readonly number[]): Promise<void>
  }

  function createLogReader(
    log: number,
    all: boolean,
    self: () => Member,
  ): { reader: LogReader; source: BatchSource<Place> } {
    const keysOf = (lane: number) => logs[log]?.[lane] as readonly number[]
    let rewinding = 0
    const own: LogReader = {
      owned: new Map(),
      untold: new Map(),
      options: undefined,
      closed: false,
      wake() {},
      async assign(ids) {
        const epoch = {}
        for (const id of ids) stateOf(log, id).owner = { member: self(), epoch }
        for (const id of ids) own.untold.get(id)?.()
        await own.options?.assigned(ids)
        // It may have moved on meanwhile.
        for (const id of ids)
          if (stateOf(log, id).owner?.epoch === epoch && !own.closed)
            own.owned.set(id, goBack(log, id, { epoch, start: 0, cursor: cursorAt(0), stopped: false }))
        own.wake()
      },
    }

    async function take(): Promise<Batch<Place> | undefined> {
      for (;;) {
        if (own.closed || own.options?.signal.aborted) return undefined
        for (const [lane, { cursor, stopped }] of own.owned) {
          const entries = keysOf(lane)
          const message = (key: number, index: number): Place => ({ log, lane, index, key })
          if (!stopped && givesBatch(cursor, entries.length))
            return nextBatch({ lane, cursor, entries, size: reader.batch, message, wake: () => own.wake() })
        }
        if (all && rewinding === 0 && [...own.owned].every(([lane, { cursor }]) => cursor.next >= keysOf(lane).length))
          return undefined
        await new Promise<void>((resolve) => (own.wake = resolve))
      }
    }

    const source: BatchSource<Place> = {
      '~snapstream.key': ({ key }) => key,
      async '~snapstream.source'(options) {
        own.options = options
        options.signal.addEventListener('abort', () => own.wake())
        if (all) await own.assign([...keysAt(log)])
        return {
          read: () => (reader.readMs === 0 ? take() : sleep(reader.readMs).then(take)),
          startOf: (lane) => own.owned.get(lane as number)?.start,
          commit: () => violated('the engine commits positions of a transaction'),
          async rewind(ids) {
            rewinding++
            const back = ids.flatMap((id) => {
              const state = own.owned.get(id as number)
              if (!state) return []
              state.stopped = true
              return [[id as number, state] as const]
            })
            await sleep(reader.rewindMs)
            for (const [id, state] of back) if (own.owned.get(id) === state) goBack(log, id, state)
            rewinding--
            own.wake()
          },
          close() {
            own.closed = true
            own.wake()
          },
        }
      },
    }
    return { reader: own, source }
  }

  const keysAt = (log: number) => (logs[log] as readonly unknown[]).keys()

  function createMember({ all, failAtFlush }: { readonly all: boolean; readonly failAtFlush: number }): Member {
    const tx = createTransactionSink({
      host,
      plan,
      failAtFlush,
      violated,
      values,
      inFlight: () => member.inFlight,
      owns: (place) => member.owns(place),
      lanesOf: (positions) =>
        [...positions].flatMap(([source, of]) =>
          [...of].map(([lane, position]) => {
            const log = member.sources.indexOf(source as BatchSource<Place>)
            const state = stateOf(log, lane)
            const { epoch } = readerOf(member, log).owned.get(lane as number) ?? {}
            return {
              isOwned: () => epoch !== undefined && state.owner?.epoch === epoch,
              commit() {
                if ((position as number) < state.committed) violated('a committed position moves back')
                state.committed = position as number
              },
            }
          }),
        ),
    })

    const createState = () =>
      createFakeState<Place>(
        host,
        openMs,
        {
          laneOf: (source, lane) => ({ log: member.sources.indexOf(source as BatchSource<Place>), lane: Number(lane) }),
          committed: ({ log, lane }) =>
            values.flatMap(({ nth, place }) =>
              nth === -2 && place.log === log && place.lane === lane ? place.index : [],
            ),
          send: (place) => tx.send({ place, nth: -2, refusesLate: () => false }),
          async keep() {},
        },
        violated,
      )

    const made = logs.map((_, log) => createLogReader(log, all, () => member))
    const member: Member = {
      sources: made.map(({ source }) => source),
      sink: {
        '~snapstream.sink': () => ({ ...tx.writer(false), ...(member.state && { state: member.state }) }),
      },
      deadLetter: { '~snapstream.sink': () => tx.writer(true) },
      state: openMs.length > 0 ? createState() : undefined,
      owns({ log, lane }) {
        const { owner } = stateOf(log, lane)
        return owner?.member === member && readerOf(member, log).owned.get(lane)?.epoch === owner.epoch
      },
      inFlight: 0,
      kill() {
        tx.kill()
        for (const [log, of] of lanes.entries())
          for (const [lane, { owner }] of of.entries())
            if (owner?.member === member) stateOf(log, lane).owner = undefined
      },
    }
    readers.set(
      member,
      made.map(({ reader: own }) => own),
    )
    return member
  }

  return {
    lanes,
    values,
    createMember,
    async start(member) {
      for (const log of logs.keys())
        if (readerOf(member, log).options) await readerOf(member, log).assign([...keysAt(log)])
    },
    async move(log, lane, to, tellMs) {
      const { owner } = stateOf(log, lane)
      const next = readerOf(to, log)
      if (!owner || !next.options || next.closed) return
      const from = readerOf(owner.member, log)
      const own = from.owned.get(lane)
      if (!own || own.epoch !== owner.epoch || own.stopped) return
      if (tellMs === undefined) {
        own.stopped = true
        await from.options?.revoked([lane], 'revoked')
        if (from.owned.get(lane) === own) from.owned.delete(lane)
        from.wake()
        if (stateOf(log, lane).owner === owner) await next.assign([lane])
        return
      }
      // From now on the old owner is fenced.
      stateOf(log, lane).owner = undefined
      const tell = () => {
        if (!from.untold.delete(lane)) return
        if (from.owned.get(lane) === own) from.owned.delete(lane)
        void from.options?.revoked([lane], 'lost')
      }
      from.untold.set(lane, tell)
      void sleep(tellMs).then(tell)
      await next.assign([lane])
    },
    async pause(log, lane) {
      const { owner } = stateOf(log, lane)
      const from = owner && readerOf(owner.member, log)
      const own = from?.owned.get(lane)
      if (!from || !own || own.epoch !== owner.epoch || own.stopped) return
      own.stopped = true
      await from.options?.revoked([lane], 'paused')
      await sleep(10)
      if (from.closed || from.owned.get(lane) !== own) return
      own.start = stateOf(log, lane).committed
      await from.options?.assigned([lane])
      if (from.owned.get(lane) !== own) return
      goBack(log, lane, own)
      from.wake()
    },
  }
}
