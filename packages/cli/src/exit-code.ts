/** The exit codes of the command. */
export const EXIT = {
  ok: 0,
  /** Something failed, or a value could not be read or filtered as the options ask. */
  failure: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** Ctrl-C ended a command that would have ended by itself: 128 plus the number of SIGINT. */
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Takes the exit code of a command. */
export type Ended = (code: ExitCode) => void
