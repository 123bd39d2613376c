import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { withLock } from '../lib/lock.mjs'
import { at } from '../lib/root.mjs'
import { run } from '../lib/run.mjs'

/** What it takes and answers is described in installed-apart.d.mts. */
export async function installedApart(name, log, install) {
  const folder = at('.cache', name)
  const stamp = join(folder, 'installed')
  if (existsSync(stamp)) return folder
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(stamp)) return
    log(`installing ${name} (once)`)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    await install(folder)
    writeFileSync(stamp, '')
  })
  return folder
}

export async function must(folder, command, ...args) {
  const options = { cwd: folder, capture: true, timeoutMs: 600_000, shell: process.platform === 'win32' }
  const { code, output } = await run(command, args, options)
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${code}:\n${output}`)
}
