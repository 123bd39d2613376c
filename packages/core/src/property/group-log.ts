import type { Host } from '../host.ts'
import type { Batch, BatchSource, MaybePromise, Positions, ReaderOptions } from '../protocol.ts'
import { cursorAt, givesBatch, nextBatch } from '../suite/lane-cursor.ts'
import type { LaneCursor } from '../suite/lane-cursor.ts'

export interface Message {
  readonly log: number
  readonly lane: number
  readonly index: number
  readonly key: number
  readonly member: number
  /** The number of the lane's assignment: each assignment is an epoch. */
  readonly epoch: number
}

export interface GroupLogOptions {
  readonly id: number
  readonly lanes: readonly (readonly number[])[]
  readonly members: number
  readonly batch: number
  readonly readMs: number
  readonly commitMs: number
  readonly host: Host
  /** Called with each committed position: all outputs before it have to be durable. */
  committed(lane: number, position: number): void
  violated(what: string): void
}

/** A log whose lanes are shared by the members of a group, like the partitions of a topic; for tests of the engine. */
export interface GroupLog {
  /** The source of a member, which its bindings share. */
  source(member: number): BatchSource<Message>
  readonly committed: readonly number[]
  /** Hands a lane over to another member (or to the same one), which waits for the old owner unless it is `lost`. */
  move(lane: number, to: number, lost: boolean): Promise<void>
  /** Ends all moves: members end once they have read the lanes that they own. */
  settle(): void
  /** Whether the owner lost the lane in that epoch without being asked. */
  wasLost(message: Message): boolean
  /** Whether the lane has begun to move to another member since that epoch began. */
  wasMoved(message: Message): boolean
}

interface Ownership {
  readonly epoch: number
  readonly cursor: LaneCursor
  giving: boolean
}

interface Member {
  options?: ReaderOptions
  readonly owned: Map<number, Ownership>
  closed: boolean
  wake: () => void
}

export function createGroupLog(options: GroupLogOptions): GroupLog {
  const { id, lanes, host, violated } = options
  const committed = lanes.map(() => 0)
  const members: Member[] = Array.from({ length: options.members }, () => ({
    owned: new Map<number, Ownership>(),
    closed: false,
    wake: () => {},
  }))
  const lostEpochs = new Set<number>()
  const movedEpochs = new Set<number>()
  let epochs = 0
  let settled = false

  const sleep = (ms: number) => new Promise<void>((resolve) => host.setTimeout(resolve, ms))
  const keysOf = (lane: number) => lanes[lane] ?? []

  async function assign(lane: number, to: number) {
    const member = members[to] as Member
    if (member.closed || member.options === undefined) return
    await member.options.assigned([lane])
    member.owned.set(lane, { epoch: epochs++, cursor: cursorAt(committed[lane] as number), giving: false })
    member.wake()
  }

  function createSource(member: Member, memberId: number): BatchSource<Message> {
    async function read(): Promise<Batch<Message> | undefined> {
      for (;;) {
        if (member.closed || member.options?.signal.aborted) return undefined
        for (const [lane, { epoch, cursor, giving }] of member.owned) {
          const entries = keysOf(lane)
          const message = (key: number, index: number) => ({ log: id, lane, index, key, member: memberId, epoch })
          if (!giving && givesBatch(cursor, entries.length))
            return nextBatch({ lane, cursor, entries, size: options.batch, message, wake: () => member.wake() })
        }
        if (settled && [...member.owned].every(([lane, { cursor }]) => cursor.next >= keysOf(lane).length))
          return undefined
        await new Promise<void>((resolve) => (member.wake = resolve))
      }
    }
    async function commit(positions: Positions) {
      for (const [lane, position] of positions) {
        const own = member.owned.get(lane as number)
        if (own === undefined) violated(`member ${memberId} commits lane ${lane}, which it does not own`)
        else if ((position as number) < (committed[lane as number] as number))
          violated(`member ${memberId} moves the committed position of lane ${lane} back`)
        else if ((position as number) > own.cursor.next)
          violated(`member ${memberId} commits lane ${lane} past what it read`)
        else {
          options.committed(lane as number, position as number)
          committed[lane as number] = position as number
        }
      }
      await sleep(options.commitMs)
    }
    return {
      '~snapstream.key': (message) => message.key,
      async '~snapstream.source'(readerOptions) {
        member.options = readerOptions
        readerOptions.signal.addEventListener('abort', () => member.wake())
        // The first member starts with all lanes.
        if (memberId === 0) for (const lane of lanes.keys()) await assign(lane, 0)
        return {
          read: (): MaybePromise<Batch<Message> | undefined> =>
            options.readMs === 0 ? read() : sleep(options.readMs).then(read),
          commit,
          close() {
            member.closed = true
            member.owned.clear()
            member.wake()
          },
        }
      },
    }
  }

  const sources = members.map(createSource)
  return {
    source: (member) => sources[member] as BatchSource<Message>,
    committed,
    async move(lane, to, lost) {
      const from = members.find((member) => member.owned.has(lane))
      const own = from?.owned.get(lane)
      if (from?.options === undefined || own === undefined || own.giving) return
      own.giving = true
      movedEpochs.add(own.epoch)
      if (lost) {
        from.owned.delete(lane)
        lostEpochs.add(own.epoch)
      }
      const given = from.options.revoked([lane], lost ? 'lost' : 'revoked')
      if (!lost) await given
      if (from.owned.get(lane) === own) from.owned.delete(lane)
      from.wake()
      await assign(lane, to)
    },
    settle() {
      settled = true
      for (const member of members) member.wake()
    },
    wasLost: ({ epoch }) => lostEpochs.has(epoch),
    wasMoved: ({ epoch }) => movedEpochs.has(epoch),
  }
}
