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

type Phase =
  /** The loop has not asked for a record yet. */
  | 'unread'
  /** The app runs, and the loop gets its records. */
  | 'reading'
  /** The loop has ended early, and the app stops. */
  | 'left'
  /** The app has stopped, or will never start. */
  | 'ended'

/** The state of a loop. Only `transition` writes its phase. */
interface LoopState<T> {
  phase: Phase
  /** Records that wait for the loop, at most one per partition. */
  readonly offers: Offer<T>[]
  /** The record in the body of the loop. */
  taken: Offer<T> | undefined
  /** Calls of `next` that wait for a record. */
  readonly waiting: Asked<T>[]
  /** Resolves when the app has stopped; never rejects. */
  running: Promise<void>
  /** The error of the app, until a call rejects with it. */
  failure: Error | undefined
}

/** Changes the phase of a loop. */
type LoopEvent =
  /** The loop asks for a record. */
  | { readonly type: 'next' }
  /** The loop ends early. */
  | { readonly type: 'leave' }
  /** The app has stopped. */
  | { readonly type: 'end'; readonly failure: Error | undefined }

/**
 * Reads a source in `for await`, through an app of its own. A record counts as handled when the loop asks for the next one.
 * The record at which the loop ends early does not count: an iterator cannot tell a `break` from an error.
 */
export function topicIterator<T>(source: BatchSource<T>, name: string): AsyncIterator<T, undefined> {
  const app = createApp()
  const stopping = new AbortController()
  const left = new Error('the loop was left')
  const loop: LoopState<T> = {
    phase: 'unread',
    offers: [],
    taken: undefined,
    waiting: [],
    running: Promise.resolve(),
    failure: undefined,
  }

  function transition(event: LoopEvent): void {
    switch (event.type) {
      case 'next':
        loop.taken?.handled()
        loop.taken = undefined
        if (loop.phase !== 'unread') return
        loop.phase = 'reading'
        loop.running = run()
        break
      case 'leave':
        if (loop.phase === 'unread') loop.phase = 'ended'
        if (loop.phase === 'reading') loop.phase = 'left'
        stopping.abort()
        for (const offer of [loop.taken, ...loop.offers]) offer?.giveUp()
        break
      case 'end':
        loop.phase = 'ended'
        loop.failure = event.failure
        for (const asked of loop.waiting.splice(0)) answerEnd(asked)
        break
    }
  }

  app.snap(source, { name: `the loop over ${name}` })((record: T) => {
    if (loop.phase !== 'reading') throw left
    return new Promise<void>((resolve, reject) => {
      loop.offers.push({ record, handled: resolve, giveUp: () => reject(left) })
      hand()
    })
  })

  /** Gives the records that wait to the calls that wait. */
  function hand(): void {
    const { offers, waiting } = loop
    while (waiting.length > 0) {
      const offer = offers.shift()
      if (offer === undefined) break
      waiting.shift()?.resolve({ done: false, value: offer.record })
      if (waiting.length > 0) offer.handled()
      else loop.taken = offer
    }
  }

  async function run(): Promise<void> {
    let failure: Error | undefined
    try {
      await app.stream({}, { signal: stopping.signal })
    } catch (error) {
      failure = withoutLeaving(toError(error), left)
    }
    transition({ type: 'end', failure })
  }

  /** Ends a call of `next` or `return`; the first one rejects if the app failed. */
  function answerEnd({ resolve, reject }: Asked<T>): void {
    const { failure } = loop
    loop.failure = undefined
    if (failure === undefined) resolve({ done: true, value: undefined })
    else reject(failure)
  }

  return {
    next() {
      transition({ type: 'next' })
      return new Promise((resolve, reject) => {
        if (loop.phase !== 'reading') return answerEnd({ resolve, reject })
        loop.waiting.push({ resolve, reject })
        hand()
      })
    },
    async return() {
      transition({ type: 'leave' })
      await loop.running
      // Rejects if the last records were handled and could not be committed.
      await new Promise<unknown>((resolve, reject) => answerEnd({ resolve, reject }))
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
