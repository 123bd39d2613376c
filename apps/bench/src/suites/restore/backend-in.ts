import { join } from 'node:path'
import { LmdbLevel } from '@snapstream/cache-lmdb'

export type Engine = 'level' | 'lmdb'

/** What `Cache` and `Store` take for a database in a folder. */
export const backendIn = (folder: string, engine: Engine) =>
  engine === 'level' ? join(folder, 'state') : new LmdbLevel(join(folder, 'state'))
