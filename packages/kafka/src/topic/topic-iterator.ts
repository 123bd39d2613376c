import { createApp, toError } from '@snapstream/core'
import type { BatchSource } from '@snapstream/core'

/** A record that waits for the loop, or that the loop is handling. */
interface Offer<T> {
  readonly record: T
  /** Called when the loop asks for the next record. */
  handled(): void
  /** Called when the loop ends early: the record may not have been handled. */
  giveUp(): void
}

interface Asked<T> {
  resolve(result: IteratorResult<T, undefined>): void
  reject(error: Error): void
}

/**
 * Reads a source in `for await`, through an app of its own. A record counts as handled when the loop asks for the next one.
 * The record at which the loop ends early does not count: an iterator cannot tell a `break` from an error.
 */
export function topicIterator<T>(source: BatchSource<T>, name: string): AsyncIterator<T, undefined> {
  const app = createApp()
  const stopping = new AbortController()
  const left = new Error('the loop was left')
  /** Records that wait for the loop, at most one per partition. */
  const offers: Offer<T>[] = []
  /** The record in the body of the loop. */
  let taken: Offer<T> | undefined
  const waiting: Asked<T>[] = []
  let running: Promise<void> | undefined
  let over = false
  let failure: Error | undefined

  app.snap(source, { name: `the loop over ${name}` })((record: T) => {
    if (stopping.signal.aborted) throw left
    return new Promise<void>((resolve, reject) => {
      offers.push({ record, handled: resolve, giveUp: () => reject(left) })
      hand()
    })
  })

  function hand(): void {
    while (waiting.length > 0) {
      const offer = offers.shift()
      if (offer === undefined) break
      waiting.shift()?.resolve({ done: false, value: offer.record })
      if (waiting.length > 0) offer.handled()
      else taken = offer
    }
  }

  async function run(): Promise<void> {
    try {
      await app.stream({}, { signal: stopping.signal })
    } catch (error) {
      failure = withoutLeaving(toError(error), left)
    }
    over = true
    while (waiting.length > 0) end(waiting.shift())
  }

  /** Ends a call of `next`; the first one rejects if the app failed. */
  function end(asked: Asked<T> | undefined): void {
    const error = failure
    failure = undefined
    if (error === undefined) asked?.resolve({ done: true, value: undefined })
    else asked?.reject(error)
  }

  return {
    next() {
      taken?.handled()
      taken = undefined
      running ??= run()
      return new Promise((resolve, reject) => {
        if (over) return end({ resolve, reject })
        waiting.push({ resolve, reject })
        hand()
      })
    },
    async return() {
      running ??= Promise.resolve()
      over = true
      stopping.abort()
      for (const offer of [taken, ...offers]) offer?.giveUp()
      await running
      // Rejects if the last records were handled and could not be committed.
      await new Promise<unknown>((resolve, reject) => end({ resolve, reject }))
      return { done: true, value: undefined }
    },
  }
}

/**
 * Removes the errors of records that were given up when the loop ended early. Returns the first other error of a run, or
 * undefined.
 */
export function withoutLeaving(error: Error, left: Error): Error | undefined {
  const { suppressed = [] } = error as { readonly suppressed?: readonly Error[] }
  const [first, ...others] = [error, ...suppressed].filter(({ cause }) => cause !== left)
  return first && Object.assign(first, suppressed.length > 0 && { suppressed: others })
}
