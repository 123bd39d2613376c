import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installOnce, mustRun } from '@snapstream/services'
import { peerVersions } from './peer-versions.ts'

type NpmPeer = 'rxjs' | 'ix' | 'p-queue' | '@kafkats/flow' | '@platformatic/kafka'

/** Packages that a library needs beside it. */
const BESIDE: Partial<Record<NpmPeer, readonly (keyof typeof peerVersions)[]>> = {
  '@kafkats/flow': ['@kafkats/client'],
}

/** The folder of a library from npm, outside of the workspace. The first call installs it. */
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

/** Imports a library, or an entry such as `ix/iterable`. The type is that of the members that the caller uses. */
export async function loadPeer<T>(peer: NpmPeer, path: string = peer): Promise<T> {
  const folder = await installPeer(peer, () => {})
  const { resolve } = createRequire(pathToFileURL(join(folder, 'package.json')))
  const { default: whole, ...named } = (await import(pathToFileURL(resolve(path)).href)) as { default?: object }
  return { ...whole, ...named, ...(whole === undefined ? {} : { default: whole }) } as T
}
