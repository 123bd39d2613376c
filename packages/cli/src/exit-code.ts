/** How a command ends. */
export const EXIT = {
  ok: 0,
  /** Something failed, or could not be read or shown as asked. */
  failure: 1,
  /** The command line or the configuration is not what it takes. */
  usage: 2,
  /** Ctrl-C ended what would have ended by itself: 128 and the number of SIGINT. */
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
