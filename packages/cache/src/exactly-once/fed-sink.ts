import { SnapstreamError, type SinkOptions, type SinkWriter } from '@snapstream/core'
import type { Database } from '../database/database.ts'
import type { Feed } from './feed.ts'

type FedSink = Required<Pick<SinkWriter<unknown>, 'atomic' | 'flush' | 'positions' | 'enclose' | 'undo' | 'close'>>

/** A sink of an exactly-once database, without its writes. Those of one stream are one. Throws `USAGE` as `Feed.join` does. */
export function openFedSink(database: Database, feed: Feed, options: SinkOptions): FedSink {
  const { name } = database
  const feeding = feed.join(options)
  let isOpen = true
  return {
    atomic: feed.atomic,
    enclose: feed.messages.enclose,
    undo: feed.messages.undo,
    async positions(source, lanes) {
      // Taken before the positions are read: from then on no other process can move them.
      await (feeding.taken ??= feed.owner.take())
      return feeding.positions.of(source, lanes)
    },
    async flush(checkpoint) {
      database.opened()
      // A checkpoint that the stream gave up when it ended may still arrive.
      if (!feed.isFedBy(feeding))
        throw new SnapstreamError('NOT_OPEN', `${name} was left by its stream before this checkpoint could be written`)
      await database.commit(true, feeding.positions.writes(checkpoint))
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
