import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { run } from '../services/process/run.mjs'

/** Installs these tarballs by npm, as a person would: in an empty project, or in the one that the folder has. */
export async function installTarballs(folder, tarballs, others = []) {
  mkdirSync(folder, { recursive: true })
  const manifest = join(folder, 'package.json')
  if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true }\n')
  const options = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  await npmIn(folder, 'install', ...options, ...tarballs, ...others)
}

/** Runs npm in a folder of its own. Rejects with its output if it fails. */
export async function npmIn(folder, ...args) {
  const { code, output } = await run('npm', args, {
    cwd: folder,
    capture: true,
    env: withoutNpmSettings(),
    shell: process.platform === 'win32',
  })
  if (code !== 0) throw new Error(`npm ${args.join(' ')} ended with ${code}:\n${output}`)
}

/** `npm run` sets variables that would make npm install into the workspace. */
function withoutNpmSettings() {
  const inherited = /^(npm_(package|lifecycle|command|execpath|config_local_prefix)|INIT_CWD|NODE_ENV|NODE_OPTIONS)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !inherited.test(name)))
}
