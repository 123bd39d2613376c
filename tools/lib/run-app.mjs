import process from 'node:process'
import { at } from './root.mjs'
import { run } from './run.mjs'

/** Runs the TypeScript entry point of an app from the sources of all packages: no build is needed first. */
export function runApp(entry, args, options) {
  const loader = import.meta.resolve('tsx')
  return run(process.execPath, ['--import', loader, '--conditions=@snapstream/source', at(entry), ...args], options)
}
