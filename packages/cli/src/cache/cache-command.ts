import type { CacheRange } from '@snapstream/cache'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { breather, filterOf } from '../output/filter.ts'
import { createPrinter } from '../output/printer.ts'
import { entryJson, entryText, entryView, withColumns } from './entry-view.ts'
import { statsText } from './format-stats.ts'
import { openCache, openSubCache } from './open-cache.ts'

export interface CacheFlags {
  readonly keyFilter?: RegExp
  readonly valFilter?: RegExp
  readonly columns?: readonly string[]
  readonly prefix?: string
  readonly sub?: string
  readonly reverse?: boolean
  readonly limit?: number
  readonly json?: boolean
  readonly stats?: boolean
  readonly count?: boolean
}

/** `snapstream cache PATH` */
export async function cacheCommand(path: string, flags: CacheFlags, io: Io): Promise<ExitCode> {
  await using cache = await openCache(path, io)
  const read = flags.sub === undefined ? cache : await openSubCache(cache, flags.sub)
  const printer = createPrinter(io, flags.json)
  if (flags.stats) {
    void printer.write(statsText(await read.stats(rangeOf({ ...flags, reverse: false })), flags.json === true))
    await printer.end()
    return EXIT.ok
  }
  const matches = filterOf(flags)
  const breathe = breather()
  const counts = { shown: 0, failed: 0 }

  for await (const [key, value] of read.entries(rangeOf(flags))) {
    if (printer.signal.aborted) break
    const whole = entryView(key, value)
    const matched = matches(whole.key, whole.value)
    const rest = breathe()
    if (rest) await rest
    if (matched === false) continue
    const view = matched === true ? withColumns(whole, flags.columns) : { ...whole, error: matched.message }
    if (view.error !== undefined) counts.failed++
    const full = flags.count
      ? undefined
      : flags.json
        ? printer.write(entryJson(view))
        : printer.write(...entryText(view))
    if (full) await full
    if (++counts.shown === flags.limit) break
  }
  if (flags.count) void printer.write(flags.json ? `{"count":${counts.shown}}\n` : `${counts.shown}\n`)
  await printer.end()
  if (counts.failed > 0)
    io.stderr.write(
      `snapstream: ${counts.failed} of ${counts.shown} entries could not be read as the options ask; they are shown as stored\n`,
    )
  if (io.signal.aborted) return EXIT.interrupted
  return counts.failed > 0 && !printer.isBroken ? EXIT.failure : EXIT.ok
}

function rangeOf({ prefix, reverse = false }: CacheFlags): CacheRange {
  return { reverse, ...(prefix !== undefined && { prefix }) }
}
