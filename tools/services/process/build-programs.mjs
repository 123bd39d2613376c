import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

/**
 * Builds TypeScript programs from the sources of the workspace, to run with plain Node. A test that runs many programs builds
 * them at once: tsx spends a second of the processor on each start. The types are in index.d.mts.
 */
export async function buildPrograms({ programs, folder }) {
  await build({
    entryPoints: [...programs],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    entryNames: '[name]',
    bundle: true,
    // A module that several programs use, or one of them imports later, stays a module of its own.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@snapstream/source'],
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'silent',
    plugins: [leavePackages, keepUrls],
  })
}

/** Packages from outside of the workspace are loaded from where they are installed. */
const leavePackages = {
  name: 'leave-packages',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === leavePackages || from.kind === 'entry-point' || path.startsWith('node:')) return undefined
      const found = await resolve(path, { ...from, pluginData: leavePackages })
      // A module that is not installed is missing when the program imports it, and not before.
      if (found.errors.length > 0) return { path, external: true }
      if (found.external || !/[/\\]node_modules[/\\]/.test(found.path)) return found
      return { path: pathToFileURL(found.path).href, external: true }
    })
  },
}

/** A source finds the files beside it by its own URL. */
const keepUrls = {
  name: 'keep-urls',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const url = JSON.stringify(pathToFileURL(path).href)
      return { contents: source.replaceAll('import.meta.url', url), loader: 'ts' }
    })
  },
}
