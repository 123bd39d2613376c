import type { OperatorKey } from '@snapstream/core/adapter'
import type { TimeWindows, TimeWindowsOptions } from './time-windows.ts'
import { windowKey } from './window-key.ts'
import type { AlignedSpec } from './window-options.ts'

/** Tumbling and hopping windows: they begin at the multiples of `everyMs`, counted from 1970. */
export function createAlignedWindows<K extends OperatorKey, V, M>(
  { sizeMs, everyMs = sizeMs }: AlignedSpec,
  { graceMs, fold, updated, over }: TimeWindowsOptions<K, V, M>,
): TimeWindows<K, V, M> {
  return {
    add(part, key, message, time) {
      const { entries, time: now } = part
      const last = time - (time % everyMs)
      let missed = false
      for (
        let start = last - Math.ceil((sizeMs - (time - last)) / everyMs - 1) * everyMs;
        start <= last;
        start += everyMs
      ) {
        const end = start + sizeMs
        if (end + graceMs <= now) {
          missed = true
          continue
        }
        const id = windowKey(key, start)
        const before = entries.getSync(id)
        const value = fold(before, message)
        entries.put(id, value)
        if (before === undefined) part.setTimer('event', end + graceMs, key)
        updated({ key, start, end, value }, time)
      }
      return missed
    },
    fire({ entries }, key, time) {
      const end = time - graceMs
      const start = end - sizeMs
      const id = windowKey(key, start)
      const value = entries.getSync(id)
      if (value === undefined) return
      entries.del(id)
      over({ key, start, end, value })
    },
  }
}
