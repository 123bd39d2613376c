import { brotliCompressSync } from 'node:zlib'
import { at } from '../lib/root.mjs'

const LIMIT_BYTES = 8300

/** What the root entry of core weighs when it reaches a browser. It must not need a platform either. */
export async function size() {
  // Imported when they are installed: esbuild bundles, oxc (the minifier of Vite) minifies.
  const { build } = await import('esbuild')
  const { minifySync } = await import('oxc-minify')
  const entryPoints = [at('packages', 'core', 'dist', 'index.js')]
  const bundle = { bundle: true, write: false, format: 'esm', platform: 'neutral', target: 'es2022' }
  const { outputFiles } = await build({ ...bundle, entryPoints, logLevel: 'silent' })
  const { code } = minifySync('core.mjs', outputFiles[0].text)
  const bytes = brotliCompressSync(code).length
  const note = `core is ${bytes} bytes of ${LIMIT_BYTES} (minified, brotli)`
  return { ok: bytes <= LIMIT_BYTES, note }
}
