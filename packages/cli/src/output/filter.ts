import vm from 'node:vm'
import { describe } from '@snapstream/core'
import { viewText } from './view.ts'
import type { View } from './view.ts'

interface FilterFlags {
  readonly keyFilter?: RegExp
  readonly valFilter?: RegExp
}

/** Whether an entry or a record matches; an error if the filter took too long. */
type Filter = (key: View, value: View) => boolean | Error

/** The filter of the options. A null key or value matches no pattern. */
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

/** Timers and signals wait no longer than this while filters run. */
const SLICE_MS = 50

/** Returns a promise every 50 ms. Waiting for it between two records lets timers and signals run. */
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

/** The limit for matching one text. The process can do nothing else in that time, and does not react to Ctrl-C. */
const TIMEOUT_MS = 1000
/** A match with fewer steps takes less time than the limit, so it is not measured. */
const FEW_STEPS = 2e8

/**
 * Some regular expressions backtrack for years: a match ends after a second. Only a match that could take long is timed,
 * because that costs a thread for each text.
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
 * An upper bound of the ways to match a pattern with a text of some length. Each alternative and each `?` doubles them. Each
 * repetition ends anywhere behind the end of the one before it, and the first begins anywhere. A repeated group may take
 * each of its ways at every character.
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
