import type { Readable, Writable } from 'node:stream'
import type { Driver } from '@snapstream/kafka/driver'

/** The process around a command, except for Kafka and caches. Tests pass their own. */
export interface Io {
  readonly stdin: Readable
  readonly stdout: Writable & { readonly isTTY?: boolean }
  /** Control characters are escaped before they get here. */
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder of relative paths, where the search for the configuration file begins. */
  readonly cwd: string
  readonly home: string
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  /** Replaces the driver of the settings. */
  readonly driver?: Driver
}
