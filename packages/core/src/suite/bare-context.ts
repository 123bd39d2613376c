import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import type { Core } from './core.ts'

/** The globals that the engine may use beside the language itself: no `process`, no `require` and no module of Node. */
const GLOBALS = { AbortController, console, performance, setTimeout, clearTimeout, TextEncoder, TextDecoder }

/** Bundles the package and loads it into a context that has only these globals. */
export async function loadBare(): Promise<Core> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../index.ts', import.meta.url))],
    bundle: true,
    format: 'iife',
    globalName: 'core',
    platform: 'neutral',
    write: false,
  })
  const context = createContext({ ...GLOBALS })
  return runInContext(`${outputFiles[0]?.text}; core`, context) as Core
}
