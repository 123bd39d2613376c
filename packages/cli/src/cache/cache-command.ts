import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Cache } from '@snapstream/cache'
import type { CacheKey, CacheRange } from '@snapstream/cache'
import { BytesCodec, SnapstreamError } from '@snapstream/core'
import type { CacheFlags } from '../definitions/cache-definition.ts'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { createPaint } from '../output/paint.ts'
import { createPrinter } from '../output/printer.ts'
import { viewText } from '../output/view.ts'
import { entryView, withColumns } from './entry-view.ts'
import { entryJson, entryText } from './format-entry.ts'
import { statsText } from './format-stats.ts'

/** `snapstream cache PATH` */
export async function cacheCommand(path: string, flags: CacheFlags, io: Io): Promise<ExitCode> {
  const folder = resolve(io.cwd, path)
  expectCache(folder, path)
  await using cache = Cache<CacheKey, Uint8Array>(folder, { codec: BytesCodec() })
  await cache.open()
  const read = flags.sub === undefined ? cache : await subCache(cache, flags.sub)
  const printer = createPrinter(io)
  if (flags.stats) {
    void printer.write(statsText(await read.stats(rangeOf({ ...flags, reverse: false })), flags.json === true))
    await printer.end()
    return EXIT.ok
  }
  const { isTerminal } = printer
  const paint = createPaint(io)
  const counts = { shown: 0, failed: 0 }

  for await (const [key, value] of read.entries(rangeOf(flags))) {
    if (printer.signal.aborted) break
    const whole = entryView(key, value)
    const { keyFilter, valFilter } = flags
    if (keyFilter && !keyFilter.test(viewText(whole.key, ''))) continue
    if (valFilter && !valFilter.test(viewText(whole.value, ''))) continue
    const view = withColumns(whole, flags.columns)
    if (view.error !== undefined) counts.failed++
    const full = printer.write(flags.json ? entryJson(view) : entryText(view, { paint, isTerminal }))
    if (full) await full
    if (++counts.shown === flags.limit) break
  }
  await printer.end()
  if (counts.failed > 0)
    io.stderr.write(
      `snapstream: ${counts.failed} of ${counts.shown} entries could not be read as asked; they are shown as they stand\n`,
    )
  if (io.signal.aborted) return EXIT.interrupted
  return counts.failed > 0 && !printer.isBroken ? EXIT.failure : EXIT.ok
}

/** Opening makes what is not there: looking must not. */
function expectCache(folder: string, path: string): void {
  if (existsSync(join(folder, 'CURRENT'))) return
  const why = existsSync(folder) ? 'this is no folder of LevelDB' : 'there is no such folder'
  throw new SnapstreamError('CACHE_FAILED', `there is no cache at ${JSON.stringify(path)}: ${why}`)
}

/** Asking for one makes it, in name: one that holds nothing is a slip of the keyboard. */
async function subCache(cache: Cache<CacheKey, Uint8Array>, name: string): Promise<Cache<CacheKey, Uint8Array>> {
  const names = await cache.subs()
  if (names.includes(name)) return cache.sub<CacheKey, Uint8Array>(name, { codec: BytesCodec() })
  const there = names.length === 0 ? 'it has none' : `there are ${names.join(', ')}`
  throw new SnapstreamError('CACHE_FAILED', `the cache has no sub-cache ${JSON.stringify(name)}: ${there}`)
}

function rangeOf({ prefix, reverse = false }: CacheFlags): CacheRange {
  return { reverse, ...(prefix !== undefined && { prefix }) }
}
