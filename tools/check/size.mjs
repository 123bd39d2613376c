import { tool } from '../lib/tool.mjs'

// The target bundles with Rolldown, as Vite does, and size-limit compresses and compares. 12 is the last major of size-limit
// that runs on Node 20.19. Its own bundler is esbuild, whose output is 500 bytes larger; later majors use Rolldown too.

const MEASURED = /"name": "(.+)",\s+"passed": \w+,\s+"size": (\d+),\s+"sizeLimit": (\d+)/g

/** Every package with a target `size` is within the limits of its `.size-limit.json`: minified, then compressed by brotli. */
export async function size() {
  const { code, output } = await tool('nx', ['run-many', '-t', 'size', '--outputStyle=static'], { capture: true })
  const notes = [...output.matchAll(MEASURED)].map(([, name, bytes, limit]) => `${name} is ${bytes} bytes of ${limit}`)
  return { ok: code === 0 && notes.length > 0, output, note: `${notes.join(', ')} (minified, brotli)` }
}
