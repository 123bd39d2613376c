import process from 'node:process'
import { at } from '../services/root.mjs'
import { run } from '../services/process/run.mjs'
import { build } from './tarballs.mjs'

/** Runs the TypeScript entry point of an app from the sources of all packages: no build is needed first. */
export function runApp(entry, args) {
  return start(['--conditions=@snapstream/source', at(entry), ...args])
}

/** The same with the built packages, for measurements: tsx adds a call to each new function, which takes time. */
export async function runAppOnBuilt(entry, args) {
  const built = await build()
  if (built.code !== 0) {
    process.stderr.write(built.output)
    return built
  }
  return start([at(entry), ...args])
}

function start(args) {
  // Resolved here, as nothing may be installed when this file is loaded.
  return run(process.execPath, ['--import', import.meta.resolve('tsx'), ...args])
}
