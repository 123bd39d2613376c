import { delimiter } from 'node:path'
import process from 'node:process'
import { at, readJson } from './root.mjs'
import { run } from './run.mjs'

/** The file behind an installed command, so that it can be run by any Node without a shell or a shim. */
export function bin(name, packageName = name) {
  const folder = at('node_modules', packageName)
  const entry = readJson(`${folder}/package.json`).bin
  return `${folder}/${typeof entry === 'string' ? entry : entry[name]}`
}

/** What tools run in: the workspace's commands on PATH (nx looks for pnpm there), no nx daemon left behind. */
export function toolEnv(extra = {}) {
  const path = [at('node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter)
  return { ...process.env, PATH: path, NX_DAEMON: 'false', NX_TUI: 'false', ...extra }
}

/** Runs an installed command of the workspace: `tool('oxfmt', ['--check'])`. */
export function tool(name, args, { packageName, env, ...options } = {}) {
  return run(process.execPath, [bin(name, packageName), ...args], { env: toolEnv(env), ...options })
}
