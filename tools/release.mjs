import './lib/bootstrap.mjs'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { packages } from './lib/projects.mjs'
import { at, readJson } from './services/root.mjs'
import { build, pack } from './lib/tarballs.mjs'
import { tool } from './lib/tool.mjs'

const HELP = `npm run release -- version    raise the versions that the changesets ask for, and write the changelogs
npm run release -- publish    build, and publish every package whose version is not published yet
npm run release -- --dry-run  say what these two would do, and change nothing
npm run release -- --rehearse release to a registry on this machine: a first release, a patch, a minor and a major, and
                              what they do to apps; changes nothing`

const changeset = (...args) => tool('changeset', args, { packageName: '@changesets/cli' })

const commands = {
  async version() {
    const { code } = await changeset('version')
    if (code !== 0) return code
    return (await tool('pnpm', ['install', '--lockfile-only', '--no-frozen-lockfile'])).code
  },
  async publish() {
    const built = await build()
    if (built.code === 0) return (await changeset('publish')).code
    console.error(built.output)
    return built.code
  },
  async '--dry-run'() {
    const folder = mkdtempSync(join(tmpdir(), 'snapstream-release-'))
    try {
      return await dryRun(folder)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
  async '--rehearse'() {
    const { rehearse } = await import('./release/rehearse.mjs') // only where it is needed
    const { failed } = await rehearse()
    return failed > 0 ? 1 : 0
  },
  async '--help'() {
    console.log(HELP)
    return 0
  },
}

/** Prints each package with its next version and why, and its tarball as it is now. */
async function dryRun(folder) {
  // A path from the root: changeset takes no other.
  const plan = join('.cache', 'release-plan.json')
  const { code, output } = await tool('changeset', ['status', `--output=${plan}`], {
    packageName: '@changesets/cli',
    capture: true,
  })
  if (code !== 0) {
    console.error(output)
    return code
  }
  const built = await build()
  if (built.code !== 0) {
    console.error(built.output)
    return built.code
  }
  const tarballs = await pack(folder)
  const { releases, changesets } = readJson(at(plan))
  for (const { name, short, manifest } of packages()) {
    const release = releases.find((one) => one.name === name && one.type !== 'none')
    const next = release
      ? `${manifest.version} -> ${release.newVersion} (${release.type})`
      : `${manifest.version}, unchanged`
    console.log(`${name.padEnd(22)} ${next}, ${Math.ceil(statSync(tarballs[short]).size / 1000)} kB`)
    for (const id of release?.changesets ?? [])
      console.log(`    ${changesets.find((one) => one.id === id).summary.split('\n')[0]}`)
    if (release?.changesets.length === 0)
      console.log('    the version of a package that it depends on is out of its range')
  }
  return 0
}

const [name, ...rest] = process.argv.slice(2)
const command = rest.length === 0 ? commands[name] : undefined
if (command) process.exitCode = await command()
else {
  console.error(HELP)
  process.exitCode = 2
}
