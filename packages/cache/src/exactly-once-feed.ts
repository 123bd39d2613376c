import { SnapstreamError } from '@snapstream/core'
import type { SinkWriter } from '@snapstream/core'
import type { Backend } from './backend.ts'
import type { Committer } from './committer.ts'
import { keptPositions } from './kept-positions.ts'

/** What a database that is exactly once does otherwise: the stream that feeds it, one at a time. */
export interface ExactlyOnceFeed {
  /** Throws `USAGE` while another stream feeds it. */
  open(): Required<Pick<SinkWriter<unknown>, 'atomic' | 'flush' | 'positions' | 'close'>>
  /** Throws `USAGE` for a write that does not come through the stream that feeds it. */
  refuseOthers(): void
  /** What has no position yet is not to be kept. */
  abandon(): void
}

interface FeedOptions extends Committer {
  /** For error messages. */
  readonly name: string
  opened(): Backend
  /** Forgets what sinks buffered, in all caches of the database. */
  discard(): void
}

export function exactlyOnceFeed({ name, opened, discard, commit }: FeedOptions): ExactlyOnceFeed {
  let current: object | undefined

  function end(): void {
    if (current === undefined) return
    current = undefined
    // Left by a stream that failed: it is handled again, from the position that goes with what is stored.
    discard()
  }

  return {
    open() {
      if (current !== undefined)
        throw new SnapstreamError(
          'USAGE',
          `${name} is exactly once and fed already, expected one stream (or one route) at a time; end that first, or give this one a cache of its own`,
        )
      const self = {}
      current = self
      const kept = keptPositions(name, opened)
      return {
        atomic: true,
        positions: (source, lanes) => kept.of(source, lanes),
        async flush(checkpoint) {
          opened()
          // A checkpoint that was given up at the end of its stream may come later.
          if (current !== self)
            throw new SnapstreamError(
              'NOT_OPEN',
              `${name} was left by its stream before this checkpoint could be written`,
            )
          await commit(true, kept.writes(checkpoint))
        },
        close() {
          if (current === self) end()
        },
      }
    },
    refuseOthers() {
      if (current === undefined) return
      throw new SnapstreamError(
        'USAGE',
        `${name} is exactly once and fed by a stream: a write beside it would stay when the stream starts again from before it; ` +
          'let the handler return [key, value] (or [key, DELETE]), write before the stream, or use another cache',
      )
    },
    abandon: end,
  }
}
