export interface StartRegistryOptions {
  /** Where clients connect. Default: a free port. */
  port?: number
  /** For its log (`registry.log`); `stop` removes it. Default: a new temporary folder. */
  folder?: string
  /** How long it may take until it serves requests, in ms. @default 120_000 */
  timeoutMs?: number
  /** True: it outlives this process. Else it ends with it, also when it is killed. @default false */
  detached?: boolean
  /** Ends the start when aborted. */
  signal?: AbortSignal
  /** Told about a download. @default console.error */
  log?: (line: string) => void
}

export interface RunningRegistry {
  /** The address that clients of Confluent's registry take. */
  readonly url: string
  /** Changes with `restart`. */
  readonly pid: number
  readonly folder: string
  /** SIGTERM, SIGKILL if that does not help, and its folder removed. */
  stop(): Promise<void>
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>
  /** Starts it again on the same port; it holds its schemas in memory, and has none then. */
  restart(): Promise<void>
}

/** Rejects when there is no Java 17, no Maven for the first download, or the registry does not start in time. */
export function startRegistry(options?: StartRegistryOptions): Promise<RunningRegistry>
