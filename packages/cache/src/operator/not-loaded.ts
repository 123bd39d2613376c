import type { NotLoaded } from '@snapstream/core/adapter'

/** Thrown to an operator that needs something which is not in memory: it waits, and begins with its message again. */
export class StateNotLoaded extends Error implements NotLoaded {
  readonly '~snapstream.loading': Promise<void>

  constructor(what: string, loading: Promise<void>) {
    super(`${what} is being read; undo(), await the promise under "~snapstream.loading", and handle the message again`)
    this['~snapstream.loading'] = loading
    // An operator may have been told by another call already.
    loading.catch(() => {})
  }
}
