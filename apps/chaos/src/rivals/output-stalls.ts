import type { Handling } from '../handling.ts'
import { judgeStalls } from '../judge/stalls.ts'
import type { Stalls } from '../judge/stalls.ts'
import type { OutputRecord } from './read-outputs.ts'

/** The stalls by the times at which the broker wrote the outputs, by partition of the input. */
export function outputStalls(
  outputs: readonly OutputRecord[],
  range: { readonly to: number; readonly mishaps: readonly number[] },
): Stalls {
  const handlings: Handling[] = outputs.map(({ value, timestamp: start }) => {
    const [partition = '', offset = ''] = value.split('/')
    return { worker: '', partition: Number(partition), offset: Number(offset), start, end: start }
  })
  // No spread arguments: a call cannot take this many.
  const from = handlings.reduce((first, { start }) => Math.min(first, start), range.to)
  return judgeStalls(handlings, { ...range, from })
}
