import type { Arena } from './harness/arena.ts'

/** The outcome of one run of a contestant. */
export interface Outcome {
  readonly messages: number
  readonly ms: number
  /** A summary of the records that were read or written. All contestants of a case need the same. */
  readonly checksum?: string
  /** Further figures, by name. */
  readonly figures?: Figures
}

/**
 * The figures of one run. The harness adds `rate` (messages a second), `cpuSeconds` (of the whole process, its
 * start and warm-up included), `cpuPerMillion` (the same for a million messages), `peakBytes` (the most memory it had)
 * and `grewBytes` (how much more it had in the last quarter of its time than in the second).
 */
export type Figures = Readonly<Record<string, number>>

interface OneOfACase {
  readonly name: string
  /** Its settings, for the report. */
  readonly settings?: string
  /** Left out of quick runs, where it would take too long or have no meaning. */
  readonly fullOnly?: boolean
  /** Added to the input of its case. */
  input?(arena: Arena): Promise<object> | object
}

/** A contestant in a Node process of its own, with the built packages. */
export interface OwnContestant extends OneOfACase {
  /** Takes `Case.input` with the inputs of the contestant and the trial. Without an outcome the trial has it. */
  run(input: never): Promise<Outcome | void>
  /** Installs its libraries outside of the workspace. Rejects if this machine cannot install them. */
  install?(log: (line: string) => void): Promise<unknown>
}

/**
 * A contestant that is a program in any language. Its last argument is the input as JSON. It prints its outcome as one line
 * of JSON, unless the trial has it, and ends when its stdin ends.
 */
export interface ProgramContestant extends OneOfACase {
  /** The command, without the input. Installs its libraries; rejects if this machine cannot install them. */
  command(log: (line: string) => void): Promise<readonly string[]>
}

export type Contestant = OwnContestant | ProgramContestant

/** The resources of one run, such as a topic to write to. */
export interface Trial {
  /** Added to the other inputs. */
  readonly input: object
  /** Resolves when the work is done, for contestants that do not report it. */
  done?(signal: AbortSignal): Promise<Outcome>
  /** Checks the output. Rejects if it is wrong, which makes the run void. */
  verify?(outcome: Outcome): Promise<Outcome>
  end?(): Promise<void>
}

/** A ratio of medians that the report shows, or their difference. */
export interface Ratio {
  readonly of: string
  readonly to: string
  /** Whether it is the difference. @default false */
  readonly isDifference?: boolean
  /** The figure. @default 'rate' */
  readonly figure?: string
  /** The figure of `to`. @default the same */
  readonly toFigure?: string
  /** The goal. */
  readonly atLeast?: number
  readonly atMost?: number
  /** The reason for a missed goal, as Markdown. */
  readonly bound?: string
}

/** Contestants that do the same work. They run in turn, so that a slower machine affects all of them. */
export interface Case {
  readonly name: string
  readonly about: string
  readonly contestants: readonly Contestant[]
  readonly ratios: readonly Ratio[]
  /** The figures of the report, in this order. @default ['rate', 'nsPerMessage', 'cpuPerMillion', 'peakBytes'] */
  readonly columns?: readonly string[]
  /** The figure of its chart. @default the first column */
  readonly chart?: string
  /** The most rounds, also if the options ask for more. */
  readonly maxRounds?: number
  /** Created once, for all contestants. */
  input?(arena: Arena): Promise<object> | object
  /** Created for each run. */
  begin?(input: never, arena: Arena): Promise<Trial>
}

export interface Suite {
  readonly name: string
  readonly about: string
  readonly cases: readonly Case[]
}
