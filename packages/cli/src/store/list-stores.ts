import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { createPrinter } from '../output/printer.ts'
import { createProgress } from '../output/progress.ts'
import { createTable } from '../output/table.ts'
import { countKeys } from './count-keys.ts'
import { openStateFolders } from './state-folders.ts'
import type { PlaceFlags } from './state-folders.ts'

export interface ListFlags extends PlaceFlags {
  readonly count?: boolean
  readonly json?: boolean
}

/** `snapstream store list` */
export async function listStores(flags: ListFlags, io: Io): Promise<ExitCode> {
  const { count = false, json = false } = flags
  const printer = createPrinter(io, json)
  const progress = createProgress(io, 'counted', 'entries')
  const names = ['GROUP', 'STORE', 'PART', 'OFFSET', ...(count ? ['ENTRIES'] : [])]
  const table = createTable(names, printer)
  let counted = 0
  for await (const folder of openStateFolders(flags, io)) {
    const { group } = folder
    for (const store of await folder.stores())
      for (const part of await folder.parts(store)) {
        const { partition, offset } = part
        const before = counted
        if (count) counted += await countKeys(part, printer.signal, (keys) => progress.update(before + keys))
        if (printer.signal.aborted) break
        const entries = counted - before
        const row = { group, store, part: partition, offset, ...(count && { entries }) }
        const full = json
          ? printer.write(`${JSON.stringify(row)}\n`)
          : table.row(group, store, partition, offset ?? '-', ...(count ? [entries] : []))
        if (full) await full
      }
  }
  table.end()
  await printer.end()
  return io.signal.aborted ? EXIT.interrupted : EXIT.ok
}
