import type { Host, RestoreProgress } from '@snapstream/core'

/** How far the parts of a store are restored. */
export interface Progress {
  /** A lane waits for the part. */
  begin(partition: number): void
  /** Notes the records that were restored, of those that the changelog has. */
  update(partition: number, done: number, of: number): void
  /** The part is restored, or given up. */
  end(partition: number): void
  /** The parts that are being restored. */
  list(): readonly RestoreProgress[]
}

/** The shortest interval between two reports about a part. */
const REPORT_MS = 1000

interface ProgressOptions {
  readonly store: string
  readonly role: RestoreProgress['role']
  readonly host: Pick<Host, 'monotonic'>
  /** Called at the start of a restore, at most once a second, and at the end. */
  readonly report: ((progress: RestoreProgress) => void) | undefined
}

export function createProgress({ store, role, host, report }: ProgressOptions): Progress {
  const known = new Map<number, { progress: RestoreProgress; reportedAt: number }>()
  const progressOf = (partition: number, done: number, of: number) => ({ store, partition, done, of, role })
  return {
    begin: (partition) => void known.set(partition, { progress: progressOf(partition, 0, 0), reportedAt: -Infinity }),
    update(partition, done, of) {
      const progress = progressOf(partition, done, of)
      const now = host.monotonic()
      const reportedAt = known.get(partition)?.reportedAt ?? -Infinity
      // A part that has nothing to restore is no news.
      const isDue = of > 0 && now - reportedAt >= REPORT_MS
      known.set(partition, { progress, reportedAt: isDue ? now : reportedAt })
      if (isDue) report?.(progress)
    },
    end(partition) {
      const last = known.get(partition)
      known.delete(partition)
      if (last !== undefined && last.reportedAt > -Infinity) report?.(last.progress)
    },
    list: () => Array.from(known.values(), ({ progress }) => progress),
  }
}
