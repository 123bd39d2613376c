import { brotliCompressSync } from 'node:zlib'
import { at } from '../lib/root.mjs'

const LIMIT_BYTES = 6000

/** What the root entry of core weighs when it reaches a browser. It must not need a platform either. */
export async function size() {
  const { build } = await import('esbuild') // when it is installed
  const entry = at('packages', 'core', 'dist', 'index.js')
  const options = { bundle: true, minify: true, write: false, format: 'esm', platform: 'neutral', target: 'es2022' }
  const { outputFiles } = await build({ ...options, entryPoints: [entry], logLevel: 'silent' })
  const bytes = brotliCompressSync(outputFiles[0].contents).length
  const note = `core is ${bytes} bytes of ${LIMIT_BYTES} (minified, brotli)`
  return { ok: bytes <= LIMIT_BYTES, note }
}
