import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { firstProgram } from '../lib/first-program.mjs'
import { installedNode } from '../lib/installed-node.mjs'
import { run } from '../services/process/run.mjs'
import { installTarballs, npmIn } from './install.mjs'

/** The versions of Node that the README names. */
const NODES = ['20.19', '22', '24', '26']
/** The first version of Node that reads TypeScript by itself. */
const STRIPS_TYPES = 22

/** Runs the first commands of the README in an empty folder, and installs the tarballs in place of the packages on npm. */
export async function installFirstProgram(folder, tarballs) {
  const { commands, packages, tools, program } = firstProgram()
  const expected = 'npm init -y'
  if (commands[0] !== expected) return { ok: false, output: `the README begins with ${commands[0]}, not ${expected}` }
  mkdirSync(folder, { recursive: true })
  await npmIn(folder, ...expected.split(' ').slice(1))
  await installTarballs(
    folder,
    packages.map((name) => tarballs[name.replace('@snapstream/', '')]),
    tools,
  )
  for (const file of ['hello.mjs', 'hello.mts']) writeFileSync(join(folder, file), program)
  return { ok: true }
}

/** Runs the program as JavaScript and as TypeScript, on every version of Node. */
export async function runFirstProgram(folder) {
  const { printed } = firstProgram()
  const ran = []
  for (const version of NODES) {
    const node = await installedNode(version)
    const tsx = join(folder, 'node_modules', 'tsx', 'dist', 'cli.mjs')
    const ways = [['hello.mjs'], [tsx, 'hello.mts'], ...(Number(version) >= STRIPS_TYPES ? [['hello.mts']] : [])]
    for (const args of ways) {
      const { code, output, stdout } = await run(node, args, { cwd: folder, capture: true, timeoutMs: 60_000 })
      if (code !== 0 || stdout !== printed)
        return { ok: false, output: `Node ${version} ${args.join(' ')} ended with ${code} and printed:\n${output}` }
    }
    const { stdout } = await run(node, ['--version'], { capture: true })
    ran.push(stdout.trim())
  }
  return { ok: true, note: ran.join(', ') }
}
