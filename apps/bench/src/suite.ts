import type { Arena } from './harness/arena.ts'

/** What one run of a contestant came to. */
export interface Outcome {
  readonly messages: number
  readonly ms: number
  /** What was read or written, in short: all contestants of a case have to come to the same. */
  readonly checksum?: string
  /** What is measured beside that, each under a name of its own. */
  readonly figures?: Figures
}

/**
 * What was measured of one run. The harness adds `rate` (messages a second), `cpuSeconds` (of the whole process, its
 * start and warm-up included), `cpuPerMillion` (the same for a million messages), `peakBytes` (the most memory it had)
 * and `grewBytes` (how much more it had in the last quarter of its time than in the second).
 */
export type Figures = Readonly<Record<string, number>>

interface OneOfACase {
  readonly name: string
  /** What it is set to, for the report. */
  readonly settings?: string
  /** Left out of quick runs: it would take too long, or say nothing. */
  readonly fullOnly?: boolean
  /** Goes on top of the input of its case. */
  input?(arena: Arena): Promise<object> | object
}

/** One that runs in a Node process of its own, with the packages as they are built. */
export interface OwnContestant extends OneOfACase {
  /** What was made of `Case.input`, this contestant's `input` and the trial's. Without an outcome the trial has it. */
  run(input: never): Promise<Outcome | void>
  /** Installs what it needs apart from the workspace. Rejects when that cannot be had here. */
  install?(log: (line: string) => void): Promise<unknown>
}

/**
 * One that is a program, in whatever language. Its last argument is the input as JSON. It prints its outcome as one line of
 * JSON, if the trial does not have it, and ends when its stdin does.
 */
export interface ProgramContestant extends OneOfACase {
  /** The command, without the input. Installs what it needs; rejects when that cannot be had here. */
  command(log: (line: string) => void): Promise<readonly string[]>
}

export type Contestant = OwnContestant | ProgramContestant

/** What one run has for itself, such as a topic to write to. */
export interface Trial {
  /** Goes on top of the other inputs. */
  readonly input: object
  /** Resolves when the work is done, for a case whose contestants do not say so. */
  done?(signal: AbortSignal): Promise<Outcome>
  /** Looks at what came of it; rejects when that is not what it should be, which makes the run void. */
  verify?(outcome: Outcome): Promise<Outcome>
  end?(): Promise<void>
}

/** A ratio of interest: that of the medians. */
export interface Ratio {
  readonly of: string
  readonly to: string
  /** Which of the figures. @default 'rate' */
  readonly figure?: string
  /** The one of `to`, if it is another. */
  readonly toFigure?: string
  /** The goal. */
  readonly atLeast?: number
  readonly atMost?: number
  /** Where it is written what keeps it from the goal, as Markdown: shown when it is missed. */
  readonly bound?: string
}

/** Contestants that do the same work, in turn, so that a machine that slows down slows all of them. */
export interface Case {
  readonly name: string
  readonly about: string
  readonly contestants: readonly Contestant[]
  readonly ratios: readonly Ratio[]
  /** Which figures the report shows, in this order. @default ['rate', 'nsPerMessage', 'cpuPerMillion', 'peakBytes'] */
  readonly columns?: readonly string[]
  /** Which figure its chart shows. @default the first column */
  readonly chart?: string
  /** At most that many rounds, however many are asked for. */
  readonly maxRounds?: number
  /** Made once; every contestant gets it. */
  input?(arena: Arena): Promise<object> | object
  /** Made for each run. */
  begin?(input: never, arena: Arena): Promise<Trial>
}

export interface Suite {
  readonly name: string
  readonly about: string
  readonly cases: readonly Case[]
}
