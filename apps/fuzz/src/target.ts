/** One kind of untrusted input and the code that reads it. */
export interface Target {
  /** The name on the command line and of the corpus folder `corpus/<name>`. */
  readonly name: string
  /** One line for `--help`. */
  readonly about: string
  /** The largest size of a mutated input, in bytes. @default 4096 */
  readonly maxBytes?: number
  /** Well-formed inputs, made by the code that writes them. Every run begins with them and the corpus. */
  seeds(): readonly Uint8Array[]
  /**
   * Returns the function that runs one input. Called once per process.
   *
   * @param planted true: enables a deliberate bug in the code under test, which the fuzzer has to find. Choose a bug that a
   *   careless change could introduce (an unchecked bound), not one that depends on a rare byte sequence.
   */
  open(planted: boolean): FuzzRun | PromiseLike<FuzzRun>
}

/**
 * Runs one input. Returns or resolves with a short word for the outcome: 'ok', or the code and text of an expected error
 * without its quotes of the input. An input with a new word is kept (up to 2000) and mutated further, which leads the fuzzer
 * deeper without instrumented code. Throws or rejects for every outcome that must not happen: an error without a code, or a
 * value that differs after a round trip.
 */
type FuzzRun = (input: Uint8Array) => string | PromiseLike<string>
