import { Cache } from '@snapstream/cache'
import { createApp } from '@snapstream/core'
import type { Outcome } from '../../suite.ts'
import { keyOf, shuffled, valueOf, type Value } from '../cache/load.ts'
import { backendIn, type Engine } from './backend-in.ts'
import type { ChangelogLoad, Restoring } from './changelog-load.ts'

function* entries(records: number): Generator<readonly [key: string, value: Value]> {
  for (let n = 0; n < records; n++) {
    const id = shuffled(n, records)
    yield [keyOf(id), valueOf(id)]
  }
}

/** A stream writes the entries of the changelog from memory to a cache. */
export const write =
  (engine: Engine) =>
  async ({ records, folder }: ChangelogLoad & Restoring): Promise<Outcome> => {
    const cache = Cache<string, Value>(backendIn(folder, engine))
    const app = createApp()
    app.snap(entries(records), { sink: [cache] })((entry) => entry)
    const started = performance.now()
    await app.stream()
    return { messages: records, ms: performance.now() - started }
  }
