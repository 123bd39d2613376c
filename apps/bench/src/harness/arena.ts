/** The amount of work of a run. `tiny` only shows that all contestants work; its figures mean nothing. */
export type Size = 'tiny' | 'quick' | 'full'

/** Shared by all cases: the amount of work, a broker, and the topics to read. */
export interface Arena {
  readonly size: Size
  log(line: string): void
  /** The count for a run of this size; `tiny` has a hundredth of `quick`. */
  count(quick: number, full: number): number
  /** The address of a Kafka broker, which the first call starts. */
  brokers(): Promise<string>
  /** The value of a key, created at the first call and kept until the end. */
  once<T>(key: string, make: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface ArenaOptions {
  readonly size: Size
  log(line: string): void
  /** Starts a broker, or returns one that runs. */
  startBroker(): Promise<{ readonly brokers: string; stop(): Promise<void> }>
}

export function createArena({ size, log, startBroker }: ArenaOptions): Arena {
  const made = new Map<string, Promise<unknown>>()
  const broker = { started: undefined as ReturnType<typeof startBroker> | undefined }
  return {
    size,
    log,
    count(quick, full) {
      if (size === 'full') return full
      return size === 'quick' ? quick : Math.max(10, Math.ceil(quick / 100))
    },
    async brokers() {
      broker.started ??= startBroker()
      return (await broker.started).brokers
    },
    once<T>(key: string, make: () => Promise<T>) {
      const known = made.get(key) ?? make()
      made.set(key, known)
      return known as Promise<T>
    },
    async close() {
      await (await broker.started?.catch(() => undefined))?.stop()
    },
  }
}
