import { brotliCompressSync } from 'node:zlib'
import { at } from '../lib/root.mjs'

const LIMIT_BYTES = 9360
const PROGRAM = "export { snap, stream } from './index.js'"

/** What `import { snap, stream }` adds to a bundle: minified, then compressed by brotli. It must not need a platform. */
export async function size() {
  // Imported when they are installed: esbuild bundles, oxc (the minifier of Vite) minifies.
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
