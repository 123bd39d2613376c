import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** The size of a file, or of all files in a folder. What goes away meanwhile counts nothing. */
export async function diskBytes(path: string): Promise<number> {
  const stat = await lstat(path).catch(() => undefined)
  if (!stat?.isDirectory()) return stat?.size ?? 0
  const names = await readdir(path).catch(() => [])
  const sizes = await Promise.all(names.map((name) => diskBytes(join(path, name))))
  return sizes.reduce((sum, size) => sum + size, 0)
}
