export type Handler = (n: number) => number

export interface Work {
  readonly handler: Handler
  readonly sink: (n: number) => void
}

/** The work of one contestant: it reads `count` numbers, handles them, and passes the results to a sink. */
export type Runner = (count: number, work: Work) => Promise<void>

/**
 * Four handlers and sinks, each a function of its own, as in an app with several bindings; and the sum of the outputs, which
 * shows that none was left out.
 */
export function createWorks(): { readonly works: readonly Work[]; sum(): number } {
  let sum = 0
  const works: readonly Work[] = [
    { handler: (n) => n * 2, sink: (n) => void (sum += n) },
    { handler: (n) => n + 1, sink: (n) => void (sum -= n) },
    { handler: (n) => n & 1023, sink: (n) => void (sum += n * 3) },
    { handler: (n) => -n, sink: (n) => void (sum += n & 7) },
  ]
  return { works, sum: () => sum }
}

export function* numbers(count: number): Generator<number> {
  for (let i = 0; i < count; i++) yield i
}

export async function* numbersLater(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) yield i
}
