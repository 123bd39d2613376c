import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { withLock } from '../services/process/lock.mjs'
import { at, readJson } from '../services/root.mjs'
import { run } from '../services/process/run.mjs'

const STAMP = at('node_modules', '.snapstream-install')

/** Installs the dependencies with pnpm if the lock file has changed since the last installation. */
export async function ensureInstalled() {
  const wanted = fingerprint()
  if (!isInstalled(wanted))
    await withLock(at('.cache', 'install.lock'), async () => {
      if (!isInstalled(wanted)) await install(wanted)
    })
}

const isInstalled = (wanted) => existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted

async function install(wanted) {
  const { packageManager } = readJson(at('package.json'))
  console.error(`installing dependencies with ${packageManager} (once, until the lock file changes)`)
  const { code, output } = await run('npx', ['--yes', packageManager, 'install', '--frozen-lockfile'], {
    capture: true,
    // With CI pnpm asks no questions. The log level of `npm run --silent` would hide errors.
    env: { ...process.env, CI: 'true', npm_config_loglevel: 'warn' },
    // The shell finds npx.cmd on Windows.
    shell: process.platform === 'win32',
  })
  if (code !== 0) {
    console.error(output)
    console.error(`the dependencies could not be installed (${packageManager} ended with ${code})`)
    process.exit(code)
  }
  writeFileSync(STAMP, wanted)
}

function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(at(file)))
  return hash.digest('hex')
}
