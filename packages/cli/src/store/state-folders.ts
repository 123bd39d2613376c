import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { SnapstreamError } from '@snapstream/core'
import { openStateFolder } from '@snapstream/state/inspect'
import type { StateFolder } from '@snapstream/state/inspect'
import { backendOf, isDatabase } from '../cache/open-cache.ts'
import type { Io } from '../io.ts'
import { usage } from '../usage.ts'

/** The options that tell where the stores are. */
export interface PlaceFlags {
  readonly folder?: string
  readonly group?: string
}

/** The folder that stores use by default. */
export const DEFAULT_FOLDER = 'state'

/** Opens the stores of each group in a folder, one after the other. Throws `CACHE_FAILED` if there are none. */
export async function* openStateFolders(
  flags: PlaceFlags,
  io: Pick<Io, 'cwd' | 'env'>,
): AsyncGenerator<StateFolder & { readonly path: string }, void> {
  const { folder = DEFAULT_FOLDER, group } = flags
  let found = 0
  for (const path of foldersIn(folder, io.cwd)) {
    await using opened = await openStateFolder(await backendOf(path, path, io))
    if (group !== undefined && opened.group !== group) continue
    found++
    yield { ...opened, path }
  }
  if (found > 0) return
  const of = group === undefined ? '' : ` of the group ${JSON.stringify(group)}`
  throw new SnapstreamError(
    'CACHE_FAILED',
    `no stores${of} in ${JSON.stringify(folder)}; name the folder of the program's stores with --folder`,
  )
}

/** Opens the stores of one group. Throws `USAGE` if the folder has several and none is named. */
export async function openGroupFolder(flags: PlaceFlags, io: Pick<Io, 'cwd' | 'env'>): Promise<StateFolder> {
  const found = new Map<string, string>()
  for await (const { group, path } of openStateFolders(flags, io)) found.set(group, path)
  const [path = ''] = found.values()
  if (found.size === 1) return openStateFolder(await backendOf(path, path, io))
  const { folder = DEFAULT_FOLDER } = flags
  throw usage(
    `${JSON.stringify(folder)} has stores of several groups; name one with --group: ${[...found.keys()].join(', ')}`,
  )
}

/** The folder itself if it has a database, else its subfolders that have one: one for each group. */
function foldersIn(folder: string, cwd: string): readonly string[] {
  const path = resolve(cwd, folder)
  if (!existsSync(path))
    throw new SnapstreamError(
      'CACHE_FAILED',
      `no folder ${JSON.stringify(folder)} here; name the folder of the program's stores with --folder`,
    )
  if (isDatabase(path)) return [path]
  // Tables are copies of topics.
  const names = readdirSync(path).filter((name) => !name.startsWith('@') && !name.includes('.damaged-'))
  return names
    .toSorted()
    .map((name) => join(path, name))
    .filter(isDatabase)
}
