import { describe } from '../../describe.ts'

/** Throws unless both are equal: numbers, text, and arrays and plain objects of them. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [textOf(actual), textOf(expected)]
  if (is !== should) throw new Error(`${what}: expected ${should}, got ${is}`)
}

/** Throws unless the function throws a `SnapstreamError` with this code. */
export function expectCode(f: () => unknown, code: string, what: string): void {
  let thrown: unknown
  try {
    f()
  } catch (error) {
    thrown = error
  }
  if ((thrown as { code?: unknown } | undefined)?.code === code) return
  throw new Error(`${what}: expected the error ${code}, got ${describe(thrown)}`)
}

/** As JSON, with what JSON does not have. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    one === undefined || typeof one === 'number' ? `<${String(one)}>` : one instanceof Uint8Array ? [...one] : one,
  )
}
