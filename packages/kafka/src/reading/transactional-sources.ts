import type { Positions } from '@snapstream/core'
import type { TransactionalProducer } from '../driver/driver.ts'

/** A source whose positions are committed in transactions. */
export interface TransactionalSource {
  /**
   * Takes positions of the source for the transaction, at the moment when the engine notes them. The function that it returns
   * adds them to the open transaction of a producer. It resolves with false if one of the lanes was lost since the call of
   * `hold`, even if the lane came back: the transaction has to be aborted then.
   */
  hold(positions: Positions): (producer: TransactionalProducer) => Promise<boolean>
}

/** The sources of a run that feed its transaction. */
export interface TransactionalSources {
  /** The transactional id under which a source commits, by source; set before the source is opened. */
  readonly ids: Map<unknown, string>
  /** The readers of these sources while they are open, by source. */
  readonly readers: Map<unknown, TransactionalSource>
}

const SCOPE_KEY = '~snapstream.kafka.transactional-sources'

/** @param scope the map of the run */
export function transactionalSources(scope: Map<unknown, unknown>): TransactionalSources {
  const known = scope.get(SCOPE_KEY) as TransactionalSources | undefined
  if (known !== undefined) return known
  const sources: TransactionalSources = { ids: new Map(), readers: new Map() }
  scope.set(SCOPE_KEY, sources)
  return sources
}
