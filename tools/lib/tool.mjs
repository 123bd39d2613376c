import { delimiter, sep } from 'node:path'
import process from 'node:process'
import { at, readJson } from '../services/root.mjs'
import { run } from '../services/process/run.mjs'

/** The script of an installed command, to run it by Node without a shell. */
export function bin(name, packageName = name) {
  const folder = at('node_modules', packageName)
  const entry = readJson(`${folder}/package.json`).bin
  return `${folder}/${typeof entry === 'string' ? entry : entry[name]}`
}

// nx runs scripts with the pnpm on PATH, but removes the root's node_modules from PATH; it does not recognise this path.
const COMMANDS = [at('tools'), '..', 'node_modules', '.bin'].join(sep)

/** The environment of tools, with the workspace's commands on PATH. */
export function toolEnv(extra = {}) {
  const path = [COMMANDS, process.env.PATH ?? ''].join(delimiter)
  return {
    ...process.env,
    PATH: path,
    NX_NATIVE_COMMAND_RUNNER: 'false',
    ...extra,
  }
}

/** Runs an installed command of the workspace: `tool('oxfmt', ['--check'])`. */
export function tool(name, args, { packageName, env, ...options } = {}) {
  return run(process.execPath, [bin(name, packageName), ...args], { env: toolEnv(env), ...options })
}
