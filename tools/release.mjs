import './lib/bootstrap.mjs'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { pendingChangesets } from './check/changesets.mjs'
import { packages } from './lib/projects.mjs'
import { run } from './services/process/run.mjs'
import { at, readJson } from './services/root.mjs'
import { build, pack } from './lib/tarballs.mjs'
import { tool } from './lib/tool.mjs'

const HELP = `npm run release -- version    raise the versions that the changesets ask for, and write the changelogs
npm run release -- publish    build, and publish every package whose version is not published yet
npm run release -- --dry-run  say what these two would do, and what would be uploaded and tagged; changes nothing
npm run release -- --rehearse release to a registry on this machine: a first release, a patch, a minor and a major, and
                              what they do to apps; changes nothing`

const changeset = (args, options = {}) => tool('changeset', args, { packageName: '@changesets/cli', ...options })

const commands = {
  async version() {
    const { code } = await changeset(['version'])
    if (code !== 0) return code
    return (await tool('pnpm', ['install', '--lockfile-only', '--no-frozen-lockfile'])).code
  },
  async publish() {
    const built = await build()
    if (built.code === 0) return (await changeset(['publish'])).code
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

/**
 * Prints each package with its next version and why, and its tarball as it is now. Where no changeset waits the versions are
 * raised already: then it prints what would be uploaded and tagged.
 */
async function dryRun(folder) {
  const plan = pendingChangesets().length > 0 ? await releasePlan() : undefined
  if (plan?.failed) {
    console.error(plan.failed)
    return 1
  }
  const built = await build()
  if (built.code !== 0) {
    console.error(built.output)
    return built.code
  }
  const tarballs = await pack(folder)
  for (const project of packages()) {
    const size = `${Math.ceil(statSync(tarballs[project.short]).size / 1000)} kB`
    for (const line of plan ? nextVersion(project, plan, size) : [await upload(project, size)]) console.log(line)
  }
  return 0
}

/** The plan of changesets for the pending ones. */
async function releasePlan() {
  // A path from the root: changeset takes no other.
  const plan = join('.cache', 'release-plan.json')
  const { code, output } = await changeset(['status', `--output=${plan}`], { capture: true })
  return code === 0 ? readJson(at(plan)) : { failed: output }
}

function nextVersion({ name, manifest }, { releases, changesets }, size) {
  const release = releases.find((one) => one.name === name && one.type !== 'none')
  if (!release) return [`${name.padEnd(22)} ${manifest.version}, unchanged, ${size}`]
  const sentences = release.changesets.map((id) => changesets.find((one) => one.id === id).summary.split('\n')[0])
  if (sentences.length === 0) sentences.push('the version of a package that it depends on is out of its range')
  const next = `${manifest.version} -> ${release.newVersion} (${release.type})`
  return [`${name.padEnd(22)} ${next}, ${size}`, ...sentences.map((sentence) => `    ${sentence}`)]
}

async function upload({ name, manifest: { version } }, size) {
  const { code, output } = await run('npm', ['view', `${name}@${version}`, 'version', '--loglevel=error'], {
    capture: true,
    shell: process.platform === 'win32',
  })
  const isMissing = code === 0 ? output.trim() === '' : output.includes('E404')
  if (code !== 0 && !isMissing) throw new Error(`npm does not tell whether ${name}@${version} is published:\n${output}`)
  return `${name.padEnd(22)} ${version}, ${isMissing ? `would be uploaded (${size}) and tagged ${name}@${version}` : 'is published'}`
}

const [name, ...rest] = process.argv.slice(2)
const command = rest.length === 0 ? commands[name] : undefined
if (command) process.exitCode = await command()
else {
  console.error(HELP)
  process.exitCode = 2
}
