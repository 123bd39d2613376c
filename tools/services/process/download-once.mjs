import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Makes a folder with `fill`, which is given an empty folder. Several processes may do so at once: each fills a folder of
 * its own, and the first one gives it its name in one step.
 */
export async function downloadOnce(folder, fill) {
  mkdirSync(dirname(folder), { recursive: true })
  const work = mkdtempSync(join(dirname(folder), 'download-'))
  const filled = join(work, basename(folder))
  try {
    mkdirSync(filled)
    await fill(filled)
    renameSync(filled, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
