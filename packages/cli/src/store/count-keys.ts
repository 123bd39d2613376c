import type { StatePart } from '@snapstream/state/inspect'
import { breather } from '../output/filter.ts'

/** The number of entries of a part. `update` learns of the progress. */
export async function countKeys(
  part: Pick<StatePart, 'keys'>,
  signal: AbortSignal,
  update: (count: number) => void,
): Promise<number> {
  const breathe = breather()
  let count = 0
  for await (const _ of part.keys()) {
    count++
    const rest = breathe()
    if (!rest) continue
    await rest
    update(count)
    if (signal.aborted) break
  }
  return count
}
