import { toError } from '@snapstream/core'

/** Work on parts on disk that no lane has: copies that follow their changelog, and removals. One work at a time for each part. */
export interface Background {
  /** Whether work of this kind on the part is under way, or about to begin. */
  has(partition: number, kind: WorkKind): boolean
  /** Ends the work on a part, and then begins another one. The work has to end soon once its signal is aborted. */
  begin(partition: number, kind: WorkKind, work: (signal: AbortSignal) => Promise<void>): void
  /** Ends the work on a part. Resolves when nothing of it is under way. */
  end(partition: number): Promise<void>
  /** Ends all work. No other begins. */
  close(): Promise<void>
}

type WorkKind = 'copy' | 'removal'

interface Work {
  readonly kind: WorkKind
  readonly ending: AbortController
  over: Promise<void>
}

/** `trouble`: reports the error of work that failed. */
export function createBackground(trouble: (error: Error) => void): Background {
  const works = new Map<number, Work>()
  let isClosed = false

  function end(partition: number): Promise<void> {
    const work = works.get(partition)
    work?.ending.abort()
    return work?.over ?? Promise.resolve()
  }

  return {
    has(partition, kind) {
      const work = works.get(partition)
      return work?.kind === kind && !work.ending.signal.aborted
    },
    begin(partition, kind, work) {
      if (isClosed) return
      const before = end(partition)
      const ending = new AbortController()
      const { signal } = ending
      const run = async () => {
        await before
        if (!signal.aborted) await work(signal)
      }
      const own: Work = { kind, ending, over: Promise.resolve() }
      works.set(partition, own)
      own.over = run()
        .catch((thrown: unknown) => trouble(toError(thrown)))
        .then(() => {
          if (works.get(partition) === own) works.delete(partition)
        })
    },
    end,
    async close() {
      isClosed = true
      await Promise.all(Array.from(works.keys(), end))
    },
  }
}
