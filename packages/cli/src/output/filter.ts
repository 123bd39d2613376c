import vm from 'node:vm'
import { describe } from '@snapstream/core'
import { viewText } from './view.ts'
import type { View } from './view.ts'

interface FilterFlags {
  readonly keyFilter?: RegExp
  readonly valFilter?: RegExp
}

/** Whether something is chosen; or why that cannot be said. */
type Filter = (key: View, value: View) => boolean | Error

/** What the options choose. Without a key, or without a value, nothing is found by it. */
export function filterOf({ keyFilter, valFilter }: FilterFlags): Filter {
  const key = keyFilter && matcher(keyFilter)
  const value = valFilter && matcher(valFilter)
  const test = (matches: ((text: string) => boolean | Error) | undefined, view: View) =>
    matches === undefined || (view.kind !== 'none' && matches(viewText(view, '')))
  return (keyView, valueView) => {
    const byKey = test(key, keyView)
    return byKey === true ? test(value, valueView) : byKey
  }
}

/** Timers and signals wait no longer than this, whatever filters take. */
const SLICE_MS = 50

/** A promise to wait for now and then, between one thing that is filtered and the next: it lets signals be heard. */
export function breather(): () => Promise<void> | undefined {
  let last = performance.now()
  return () => {
    if (performance.now() - last < SLICE_MS) return undefined
    return new Promise((resolve) => {
      setImmediate(() => {
        last = performance.now()
        resolve()
      })
    })
  }
}

/** So long may one text take. Nothing else is done meanwhile, not even for Ctrl-C. */
const TIMEOUT_MS = 1000
/** What cannot take more steps than this takes less than that, and is not watched. */
const FEW_STEPS = 2e8

/**
 * A regular expression may go back over a text again and again, and some would do so for years: after a second it is given
 * up. It is watched only where it could take long, as that costs a thread for each text.
 */
function matcher(pattern: RegExp): (text: string) => boolean | Error {
  const mostSteps = stepsOf(pattern.source)
  const call = vm.createContext({ run: () => false })
  const script = new vm.Script('run()')
  return (text) => {
    if (mostSteps(text.length) <= FEW_STEPS) return pattern.test(text)
    call['run'] = () => pattern.test(text)
    try {
      return script.runInContext(call, { timeout: TIMEOUT_MS }) as boolean
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
      return new Error(`it takes the filter ${describe(pattern.source)} more than ${TIMEOUT_MS} ms to match it or not`)
    }
  }
}

/**
 * How many ways there are at most to match a pattern with a text of some length. Each alternative and each `?` doubles them.
 * What repeats ends somewhere behind what repeats before it, and the first begins anywhere. A group that repeats may go on
 * in each of its ways at every character.
 */
function stepsOf(source: string): (length: number) => number {
  const bare = source
    .replaceAll(/\\[1-9k]/g, ')*')
    .replaceAll(/\\[^]|\[(?:\\[^]|[^\]\\])*\]/g, 'x')
    .replaceAll(/\(\?(?:[:=!]|<[=!]|<[^>]*>)/g, '(')
  const doubling = 2 ** (bare.match(/[?|]/g) ?? []).length
  const repeating = (bare.match(/[*+{]/g) ?? []).length
  if (/\)[*+?{]/.test(bare)) return (length) => (doubling + repeating + 1) ** length
  return (length) => {
    let ways = doubling
    for (let i = 1; i <= repeating + 1; i++) ways *= (length + i) / i
    return ways
  }
}
