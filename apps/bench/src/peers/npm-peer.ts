import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installOnce, mustRun } from '@snapstream/services'
import { peerVersions } from './peer-versions.ts'

type NpmPeer = 'rxjs' | 'ix' | 'p-queue' | '@kafkats/flow' | '@platformatic/kafka'

/** What is installed beside one that asks for it. */
const BESIDE: Partial<Record<NpmPeer, readonly (keyof typeof peerVersions)[]>> = {
  '@kafkats/flow': ['@kafkats/client'],
}

/** The folder of a library from npm, installed apart from the workspace at the first call. */
export function installPeer(peer: NpmPeer, log: (line: string) => void): Promise<string> {
  const version = peerVersions[peer]
  return installOnce(`bench/${peer.replace('/', '-')}-${version}`, log, async (folder) => {
    const all = [peer, ...(BESIDE[peer] ?? [])].map((name) => [name, peerVersions[name]])
    await writeFile(
      join(folder, 'package.json'),
      JSON.stringify({ private: true, dependencies: Object.fromEntries(all) }),
    )
    await mustRun('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], {
      cwd: folder,
    })
  })
}

/** Loads it, or a part of it such as `ix/iterable`, as far as its caller says what it uses. */
export async function loadPeer<T>(peer: NpmPeer, path: string = peer): Promise<T> {
  const folder = await installPeer(peer, () => {})
  const { resolve } = createRequire(pathToFileURL(join(folder, 'package.json')))
  const { default: whole, ...named } = (await import(pathToFileURL(resolve(path)).href)) as { default?: object }
  return { ...whole, ...named, ...(whole === undefined ? {} : { default: whole }) } as T
}
