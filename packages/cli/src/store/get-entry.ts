import type { CacheKey } from '@snapstream/cache'
import { SnapstreamError, describe, toError } from '@snapstream/core'
import { entryJson, entryText, entryView } from '../cache/entry-view.ts'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { createPrinter } from '../output/printer.ts'
import { usage } from '../usage.ts'
import { openStores } from './changelog-folder.ts'
import type { SourceFlags } from './changelog-folder.ts'

export interface GetFlags extends SourceFlags {
  readonly jsonKey?: boolean
  readonly json?: boolean
}

/** `snapstream store get STORE KEY` */
export async function getEntry(store: string, text: string, flags: GetFlags, io: Io): Promise<ExitCode> {
  const key = flags.jsonKey ? jsonKey(text) : text
  const printer = createPrinter(io, flags.json)
  await using folder = await openStores(store, flags, io, printer.signal)
  let found = 0
  for (const part of await folder.parts(store)) {
    if (flags.partition !== undefined && part.partition !== flags.partition) continue
    const value = await part.get(key)
    if (value === undefined) continue
    found++
    const view = { part: part.partition, ...entryView(key, value) }
    void (flags.json ? printer.write(entryJson(view)) : printer.write(...entryText(view)))
  }
  await printer.end()
  if (io.signal.aborted) return EXIT.interrupted
  if (found > 0) return EXIT.ok
  throw new SnapstreamError('CACHE_FAILED', `the store ${JSON.stringify(store)} has no key ${JSON.stringify(key)}`)
}

function jsonKey(text: string): CacheKey {
  let key: unknown
  try {
    key = JSON.parse(text)
  } catch (error) {
    throw usage(`--json-key: the key is no JSON: ${toError(error).message}`)
  }
  if (typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean') return key
  throw usage(`--json-key: a key is a string, a number, true or false, got ${describe(key)}`)
}
