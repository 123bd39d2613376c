import { SnapstreamError } from '@snapstream/core'
import type { SinkOptions, SinkWriter } from '@snapstream/core'
import type { Backend } from './backend.ts'
import type { Committer } from './committer.ts'
import { keptPositions, type KeptPositions } from './kept-positions.ts'
import { createMessageScope, type Attempt } from './message-scope.ts'
import type { Owner } from './owner.ts'

type FedWriter = Required<Pick<SinkWriter<unknown>, 'atomic' | 'flush' | 'positions' | 'enclose' | 'undo' | 'close'>>

/** What a database that is exactly once does otherwise: the stream that feeds it, one at a time. */
export interface ExactlyOnceFeed {
  /** For a sink of any of its caches; those of one stream are one. Throws `USAGE` while another stream feeds it. */
  open(options: Pick<SinkOptions, 'scope' | 'checkpoint'>): FedWriter
  /**
   * The message for which this is called; undefined while no stream feeds the database. Throws `USAGE` when one does and
   * this is called for none of its messages. `what`: for the error.
   */
  attempt(what: string): Attempt | undefined
  /** The same, where it is no error to be called for none. */
  ifAttempt(): Attempt | undefined
  /** Throws `USAGE` for a write that does not come through the stream that feeds it. */
  refuseOthers(): void
  /** It has more than it may: has a checkpoint made. Written now it would be there without its position. */
  full(): void
  /** What has no position yet is not to be kept. */
  abandon(): void
}

interface FeedOptions extends Committer {
  readonly owner: Owner
  /** For error messages. */
  readonly name: string
  opened(): Backend
  /** Forgets what sinks buffered, in all caches of the database. */
  discard(): void
}

/** The stream that feeds it. */
interface Feeding {
  /** What the sinks of one run share. */
  readonly scope: object
  readonly kept: KeptPositions
  /** How many of its sinks are not closed. */
  sinks: number
  /** When no other process can write any more. */
  taken: Promise<void> | undefined
  checkpoint(): void
}

export function exactlyOnceFeed({ name, opened, discard, commit, owner }: FeedOptions): ExactlyOnceFeed {
  const messages = createMessageScope()
  const { enclose, undo } = messages
  const transaction = {}
  let current: Feeding | undefined

  function end(): void {
    if (current === undefined) return
    current = undefined
    // Left by a stream that failed: it is handled again, from the position that goes with what is stored.
    discard()
  }

  function refuse(what: string): SnapstreamError {
    return new SnapstreamError(
      'USAGE',
      `${name} is exactly once and fed by a stream: ${what} would stay when the stream starts again from before it; ` +
        'let the handler return [key, value] (or [key, DELETE]) or call transaction() itself, write before the stream, or use another cache',
    )
  }

  return {
    open({ scope, checkpoint }) {
      if (current !== undefined && current.scope !== scope)
        throw new SnapstreamError(
          'USAGE',
          `${name} is exactly once and fed already, expected one stream at a time; end that first, or give this one a cache of its own`,
        )
      current ??= {
        scope,
        kept: keptPositions(name, opened),
        sinks: 0,
        taken: undefined,
        checkpoint: () => checkpoint?.(),
      }
      const self = current
      self.sinks++
      let isOpen = true
      return {
        atomic: transaction,
        enclose,
        undo,
        async positions(source, lanes) {
          // Before they are read: what another process has not written by now it cannot write any more.
          await (self.taken ??= owner.take())
          return self.kept.of(source, lanes)
        },
        async flush(checkpoint) {
          opened()
          // A checkpoint that was given up at the end of its stream may come later.
          if (current !== self)
            throw new SnapstreamError(
              'NOT_OPEN',
              `${name} was left by its stream before this checkpoint could be written`,
            )
          await commit(true, self.kept.writes(checkpoint))
        },
        async close() {
          if (!isOpen) return
          isOpen = false
          if (--self.sinks > 0 || current !== self) return
          end()
          await owner.release()
        },
      }
    },
    attempt(what) {
      if (current === undefined) return undefined
      const attempt = messages.current()
      if (attempt === undefined || attempt.isOver) throw refuse(what)
      return attempt
    },
    ifAttempt: () => (current === undefined ? undefined : messages.current()),
    refuseOthers() {
      if (current !== undefined) throw refuse('a write beside it')
    },
    full: () => current?.checkpoint(),
    abandon: end,
  }
}
