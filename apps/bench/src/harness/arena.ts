/** How much work a run is: `tiny` only shows that everything works, and its figures say nothing. */
export type Size = 'tiny' | 'quick' | 'full'

/** What cases share: how much there is to do, a broker, and the topics that are read. */
export interface Arena {
  readonly size: Size
  log(line: string): void
  /** How many, for a run of this size. Tiny is a hundredth of quick. */
  count(quick: number, full: number): number
  /** The address of a real Kafka, started at the first call. */
  brokers(): Promise<string>
  /** What the key stands for, made at the first call and kept until the end. */
  once<T>(key: string, make: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface ArenaOptions {
  readonly size: Size
  log(line: string): void
  /** Starts a broker, or names one that runs. */
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
