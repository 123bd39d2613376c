import { inspect } from 'node:util'

/** All output of a piece of code, in every way in which a secret could get out. */
export interface Overheard {
  readonly error: unknown
  readonly tookMs: number
  /** What `console.warn` was given. */
  readonly warnings: readonly string[]
  /** The output to console, stdout and stderr, and everything that an error shows. */
  readonly text: string
}

const METHODS = ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const

/** Runs code that may fail, and keeps its output off the console. */
export async function overhear(run: () => Promise<unknown>): Promise<Overheard> {
  const said: string[] = []
  const warnings: string[] = []
  const restore: (() => void)[] = []
  for (const method of METHODS) {
    const original = console[method]
    console[method] = (...args: unknown[]) => {
      said.push(show(args))
      if (method === 'warn') warnings.push(args.join(' '))
    }
    restore.push(() => (console[method] = original))
  }
  for (const stream of [process.stdout, process.stderr]) {
    const original = stream.write
    stream.write = ((...args: Parameters<typeof original>) => {
      said.push(String(args[0]))
      return original.apply(stream, args)
    }) as typeof original
    restore.push(() => (stream.write = original))
  }
  const started = performance.now()
  let error: unknown
  try {
    await run()
  } catch (thrown) {
    error = thrown
  } finally {
    for (const undo of restore) undo()
  }
  return { error, tookMs: performance.now() - started, warnings, text: [...said, show(error)].join('\n') }
}

/** Every text that a value shows: printed, inspected and as JSON. */
export function show(value: unknown): string {
  const seen = inspect(value, { depth: Infinity, showHidden: true, maxArrayLength: null, maxStringLength: null })
  return `${seen}\n${jsonOf(value)}\n${value instanceof Error ? `${value.stack}${show(value.cause)}` : ''}`
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return '' // a cycle
  }
}
