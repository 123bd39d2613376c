import { entryJson, entryText, entryView, withColumns } from '../cache/entry-view.ts'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { breather, filterOf } from '../output/filter.ts'
import { createPrinter } from '../output/printer.ts'
import { createProgress } from '../output/progress.ts'
import { usage } from '../usage.ts'
import { openStores } from './changelog-folder.ts'
import type { SourceFlags } from './changelog-folder.ts'

export interface EntriesFlags extends SourceFlags {
  readonly keyFilter?: RegExp
  readonly valFilter?: RegExp
  readonly columns?: readonly string[]
  readonly prefix?: string
  readonly limit?: number
  readonly all?: boolean
  readonly count?: boolean
  readonly json?: boolean
}

const DEFAULT_LIMIT = 100

/** `snapstream store entries STORE` */
export async function showEntries(store: string, flags: EntriesFlags, io: Io): Promise<ExitCode> {
  const { partition, prefix, count, json } = flags
  const limit = flags.limit ?? (flags.all || count ? Infinity : DEFAULT_LIMIT)
  const printer = createPrinter(io, json)
  await using folder = await openStores(store, flags, io, printer.signal)
  const parts = (await folder.parts(store)).filter((part) => partition === undefined || part.partition === partition)
  if (parts.length === 0)
    throw usage(`the store ${JSON.stringify(store)} has no part ${partition} here; see snapstream store list`)
  const matches = filterOf(flags)
  const breathe = breather()
  const progress = createProgress(io, 'read', 'entries')
  const counts = { read: 0, shown: 0, failed: 0 }
  let isCut = false

  reading: for (const part of parts)
    for await (const [key, value] of part.entries(prefix === undefined ? {} : { prefix })) {
      if (printer.signal.aborted) break reading
      counts.read++
      const whole = entryView(key, value)
      const matched = matches(whole.key, whole.value)
      const rest = breathe()
      if (rest) {
        progress.update(counts.read)
        await rest
      }
      if (matched === false) continue
      if (counts.shown === limit) {
        isCut = true
        break reading
      }
      const view = matched === true ? withColumns(whole, flags.columns) : { ...whole, error: matched.message }
      counts.shown++
      if (view.error !== undefined) counts.failed++
      const shown = { part: part.partition, ...view }
      const full = count ? undefined : json ? printer.write(entryJson(shown)) : printer.write(...entryText(shown))
      if (full) await full
    }
  if (count) void printer.write(json ? `{"count":${counts.shown}}\n` : `${counts.shown}\n`)
  await printer.end()
  if (isCut && flags.limit === undefined)
    io.stderr.write(`snapstream: the first ${limit} entries; --limit <count> or --all shows more\n`)
  if (counts.failed > 0)
    io.stderr.write(
      `snapstream: ${counts.failed} of ${counts.shown} entries could not be read as the options ask; they are shown as stored\n`,
    )
  if (io.signal.aborted) return EXIT.interrupted
  return counts.failed > 0 && !printer.isBroken ? EXIT.failure : EXIT.ok
}
