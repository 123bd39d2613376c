import type { Readable, Writable } from 'node:stream'
import type { Driver } from '@snapstream/kafka/driver'

/** Everything a command has to do with outside of Kafka and its caches: given, so that tests can give their own. */
export interface Io {
  readonly stdin: Readable
  readonly stdout: Writable & { readonly isTTY?: boolean }
  /** What steers a terminal is escaped before it gets here. */
  readonly stderr: { write(text: string): unknown }
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where relative paths begin, and the search for the configuration file. */
  readonly cwd: string
  readonly home: string
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  /** In place of the one that settings name. */
  readonly driver?: Driver
}
