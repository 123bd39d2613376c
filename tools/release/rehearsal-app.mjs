import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { run } from '../services/process/run.mjs'

/** An app in a folder of its own, that gets its packages from the registry of the rehearsal. */
export function rehearsalApp(folder, env, manifest = { private: true, type: 'module' }) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  const npm = (...args) =>
    run('npm', args, { cwd: folder, env, capture: true, timeoutMs: 300_000, shell: process.platform === 'win32' })

  return {
    folder,
    npm,

    async must(...args) {
      const { code, output } = await npm(...args)
      if (code !== 0) throw new Error(`npm ${args.join(' ')} ended with ${code}:\n${output}`)
      return output
    },

    /** The versions of a package that are installed, at all depths. */
    async versionsOf(name) {
      const { stdout } = await npm('ls', name, '--all', '--json')
      const found = new Set()
      collect(JSON.parse(stdout), name, found)
      return [...found].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    },

    /** Runs a program in the app. */
    run(text) {
      writeFileSync(join(folder, 'program.mjs'), text)
      return run(process.execPath, ['program.mjs'], { cwd: folder, env, capture: true, timeoutMs: 60_000 })
    },
  }
}

function collect({ dependencies = {} }, name, found) {
  for (const [key, dependency] of Object.entries(dependencies)) {
    if (key === name && dependency.version) found.add(dependency.version)
    collect(dependency, name, found)
  }
}
