import { SnapstreamError } from '@snapstream/core'
import type { Lane, Positions, SinkOptions, SinkWriter } from '@snapstream/core'
import type { Backend } from '../backend/backend.ts'
import type { Commit } from '../database/group-commit.ts'
import { createMessageScope, type Attempt, type MessageScope } from './message-scope.ts'
import { createOwner, type Owner } from './owner.ts'
import { createPositions, type KeptPositions } from './positions.ts'

/** One stream while it feeds the database. */
interface Feeding {
  /** Shared by the sinks of one run. */
  readonly scope: object
  readonly positions: KeptPositions
  /** The number of its sinks that are open. */
  sinks: number
  /** Resolves once no other process can write to the database. */
  taken: Promise<void> | undefined
  /** Asks the stream for a checkpoint. */
  checkpoint(): void
}

/** The state of an exactly-once database: the stream that feeds it, one at a time, and the messages that it handles. */
export interface Feed {
  readonly owner: Owner
  readonly messages: MessageScope
  /** The value of `atomic` for all sinks of the database: their flushes are one. */
  readonly atomic: object
  /** A sink of the stream opens. Throws `USAGE` while another stream feeds the database. */
  join(options: Pick<SinkOptions, 'scope' | 'checkpoint'>): Feeding
  /** A sink closes. Returns whether it was the last of its stream: writes without a position are then to be discarded. */
  leave(feeding: Feeding): boolean
  isFedBy(feeding: Feeding): boolean
  /** The database closes while a stream may feed it. Returns whether one did. */
  abandon(): boolean
  /**
   * The attempt that makes this call; undefined while no stream feeds the database. Throws `USAGE` for a call outside of
   * the stream's messages; `what` names the call in the error.
   */
  attempt(what: string): Attempt | undefined
  /** The same, but undefined for a call outside of the stream's messages. */
  ifAttempt(): Attempt | undefined
  /** Throws `USAGE` for a write beside the stream that feeds the database. */
  refuseOthers(): void
  /** The buffer is full: asks for a checkpoint. A batch written without one would lack its positions. */
  full(): void
}

export function createFeed(name: string, opened: () => Backend): Feed {
  const messages = createMessageScope()
  const state: { current: Feeding | undefined } = { current: undefined }

  function refuse(what: string): SnapstreamError {
    return new SnapstreamError(
      'USAGE',
      `${name} is exactly once and fed by a stream: a restart would repeat earlier messages, but not undo ${what}; ` +
        'let the handler return [key, value] (or [key, DELETE]) or call transaction(), write before the stream starts, or use another cache',
    )
  }
  function abandon(): boolean {
    const wasFed = state.current !== undefined
    state.current = undefined
    return wasFed
  }

  return {
    owner: createOwner(name, opened),
    messages,
    atomic: {},
    join({ scope, checkpoint }) {
      if (state.current !== undefined && state.current.scope !== scope)
        throw new SnapstreamError(
          'USAGE',
          `${name} is exactly once and already fed by another stream; end that stream first, or use another cache`,
        )
      state.current ??= {
        scope,
        positions: createPositions(name, opened),
        sinks: 0,
        taken: undefined,
        checkpoint: () => checkpoint?.(),
      }
      state.current.sinks++
      return state.current
    },
    leave(feeding) {
      if (--feeding.sinks > 0 || state.current !== feeding) return false
      return abandon()
    },
    isFedBy: (feeding) => state.current === feeding,
    abandon,
    attempt(what) {
      if (state.current === undefined) return undefined
      const attempt = messages.current()
      if (attempt === undefined || attempt.isOver) throw refuse(what)
      return attempt
    },
    ifAttempt: () => (state.current === undefined ? undefined : messages.current()),
    refuseOthers() {
      if (state.current !== undefined) throw refuse('a write beside it')
    },
    full: () => state.current?.checkpoint(),
  }
}

type FedSink = Required<
  Pick<SinkWriter<unknown>, 'atomic' | 'flush' | 'accepts' | 'positions' | 'enclose' | 'undo' | 'close'>
>

/** The part of a database that its sinks use. */
interface FedDatabase {
  readonly name: string
  readonly commit: Commit
  opened(): Backend
  discard(): void
}

/** A sink of an exactly-once database, without its writes. Those of one stream are one. Throws `USAGE` as `Feed.join` does. */
export function openFedSink(database: FedDatabase, feed: Feed, options: SinkOptions): FedSink {
  const { name } = database
  const feeding = feed.join(options)
  let isOpen = true

  async function positions(source: unknown, lanes: readonly Lane[]): Promise<Positions> {
    // Taken before the positions are read: from then on no other process can move them.
    await (feeding.taken ??= feed.owner.take())
    return feeding.positions.of(source, lanes)
  }

  return {
    atomic: feed.atomic,
    enclose: feed.messages.enclose,
    undo: feed.messages.undo,
    accepts: async (source) => void (await positions(source, [])),
    positions,
    async flush(checkpoint) {
      database.opened()
      // A checkpoint that the stream gave up when it ended may still arrive.
      if (!feed.isFedBy(feeding))
        throw new SnapstreamError('NOT_OPEN', `the stream that fed ${name} ended before this checkpoint was written`)
      await database.commit(true, { positions: feeding.positions.writes(checkpoint) })
    },
    async close() {
      if (!isOpen) return
      isOpen = false
      if (!feed.leave(feeding)) return
      // A stream that failed left them; it handles them again from the stored position.
      database.discard()
      await feed.owner.release()
    },
  }
}
