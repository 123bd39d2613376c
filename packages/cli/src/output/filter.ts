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
/** What cannot take more steps than this is not watched. */
const FEW_STEPS = 1e7

/**
 * A regular expression may go back over a text again and again, and some would do so for years: after a second it is given
 * up. It is watched only where it could take long, as that costs a thread for each text.
 */
function matcher(pattern: RegExp): (text: string) => boolean | Error {
  const most = FEW_STEPS ** (1 / (choicesOf(pattern.source) + 1))
  const call = vm.createContext({ run: () => false })
  const script = new vm.Script('run()')
  return (text) => {
    if (text.length <= most) return pattern.test(text)
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
 * In how many places a pattern can go on in several ways, and so come back: the steps it takes are at most the length of a
 * text to the power of one more. Infinite where a group is repeated, or referred to.
 */
function choicesOf(source: string): number {
  const bare = source.replaceAll(/\\[1-9k]/g, ')*').replaceAll(/\\[^]|\[(?:\\[^]|[^\]\\])*\]/g, 'x')
  return /\)[*+?{]/.test(bare) ? Infinity : (bare.match(/[*+?{|]/g) ?? []).length
}
