import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment } from './environment.ts'
import { levelError } from './level-error.ts'

interface TreeStats {
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
}

interface EnvironmentStats {
  readonly pageSize: number
  readonly root: TreeStats
  readonly free: TreeStats
}

/** Two pages at the start of the file say where all others are. */
const META_PAGES = 2

/**
 * Rejects if the file has less pages than are in use. LMDB maps the file into memory and does not look at its size: to
 * read a page that is not there would end the process.
 */
export async function checkSize(environment: Environment, folder: string): Promise<void> {
  const { pageSize, root, free } = environment.getStats() as EnvironmentStats
  const needed = (META_PAGES + pagesOf(root) + pagesOf(free)) * pageSize
  const { size } = await stat(join(folder, 'data.mdb'))
  if (size >= needed) return
  throw levelError(
    'LEVEL_CORRUPTION',
    `the LMDB database ${JSON.stringify(folder)} is damaged: its data.mdb has ${size} bytes, and at least ${needed} are in use; restore the folder, or delete it`,
  )
}

function pagesOf({ treeBranchPageCount, treeLeafPageCount, overflowPages }: TreeStats): number {
  return treeBranchPageCount + treeLeafPageCount + overflowPages
}
