import { mkdirSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { run } from '../services/process/run.mjs'

/** An empty project with these tarballs installed by npm, as a person would. */
export async function installTarballs(folder, tarballs, others = []) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/package.json`, '{ "private": true }\n')
  const options = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  const { code, output } = await run('npm', ['install', ...options, ...tarballs, ...others], {
    cwd: folder,
    capture: true,
    env: withoutNpmSettings(),
    shell: process.platform === 'win32',
  })
  if (code !== 0) throw new Error(`npm could not install the tarballs:\n${output}`)
}

/** `npm run` hands its own place in the workspace down: the new project must not take it for its own. */
function withoutNpmSettings() {
  const inherited = /^(npm_(package|lifecycle|command|execpath|config_local_prefix)|INIT_CWD|NODE_ENV|NODE_OPTIONS)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !inherited.test(name)))
}
