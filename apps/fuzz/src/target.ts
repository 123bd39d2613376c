/** One kind of untrusted input, and the code that has to bear it. */
export interface Target {
  /** The name on the command line, and of the folder with its corpus: `corpus/<name>`. */
  readonly name: string
  /** One line for `--help`. */
  readonly about: string
  /** The size that mutation does not exceed, in bytes. @default 4096 */
  readonly maxBytes?: number
  /** Well-formed inputs, made by the code that writes them. The files of the corpus are used beside them. */
  seeds(): readonly Uint8Array[]
  /**
   * Makes what takes one input. It is made once a process.
   *
   * @param planted true: with a deliberate bug in the code under test, which the fuzzer has to find. A bug that needs
   *   one rare byte sequence is no proof; choose one that a careless change could make (a bound that is not checked).
   */
  open(planted: boolean): FuzzRun | PromiseLike<FuzzRun>
}

/**
 * Takes one input. Returns, or resolves with, a short word for what happened: 'ok', or an expected error's code and text
 * without what it quotes from the input. An input whose word is new is kept and mutated further, which leads the fuzzer
 * deeper without instrumented code; up to 2000 are kept. Throws, or rejects, for everything that must not happen: an error without a code,
 * a value that differs after a round trip.
 */
type FuzzRun = (input: Uint8Array) => string | PromiseLike<string>
