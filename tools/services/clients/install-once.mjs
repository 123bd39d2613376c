import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from '../process/lock.mjs'
import { at } from '../root.mjs'

/**
 * Installs something to a folder in `.cache`, apart from the workspace, and resolves with that folder. Only the first call
 * installs. The name has the versions in it: another version is another folder. `works` says whether an installation of an
 * earlier run is still good; one that is not is replaced.
 */
export async function installOnce(name, log, install, works = async () => true) {
  const folder = at('.cache', name)
  const stamp = join(folder, 'installed')
  const isInstalled = async () => existsSync(stamp) && (await works(folder))
  if (await isInstalled()) return folder
  await withLock(`${folder}.lock`, async () => {
    if (await isInstalled()) return
    log(`installing ${name} (once)`)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    await install(folder)
    writeFileSync(stamp, '')
  })
  return folder
}
