import { brotliCompressSync } from 'node:zlib'
import { at } from '../services/root.mjs'

const LIMIT_BYTES = 9410
const PROGRAM = "export { snap, stream } from './index.js'"

// size-limit does not take the place of this file yet. Its current major minifies with Rolldown, as Vite does, but needs
// Node 22, and the commands of this repository run on Node 20.19. Its last major for Node 20 minifies with esbuild, which
// makes 9,857 bytes of what Rolldown makes 9,356.

/** The size of `import { snap, stream }` in a bundle for any platform: minified, then compressed by brotli. */
export async function size() {
  // Imported here, after the installation. esbuild bundles, and oxc, the minifier of Vite, minifies.
  const { build } = await import('esbuild')
  const { minifySync } = await import('oxc-minify')
  const stdin = { contents: PROGRAM, resolveDir: at('packages', 'core', 'dist') }
  const bundle = { bundle: true, write: false, format: 'esm', platform: 'neutral', target: 'es2022' }
  const { outputFiles } = await build({ ...bundle, stdin, logLevel: 'silent' })
  const { code } = minifySync('core.mjs', outputFiles[0].text)
  const bytes = brotliCompressSync(code).length
  const note = `{ snap, stream } of core is ${bytes} bytes of ${LIMIT_BYTES} (minified, brotli)`
  return { ok: bytes <= LIMIT_BYTES, note }
}
