import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firstProgram } from '../lib/first-program.mjs'
import { build } from '../lib/tarballs.mjs'
import { runSteps } from '../lib/steps.mjs'
import { startLocalRegistry } from './local-registry.mjs'
import { rehearsalApp } from './rehearsal-app.mjs'
import { scratchWorkspace } from './scratch-workspace.mjs'

const CORE = '@snapstream/core'
const APP = [CORE, '@snapstream/kafka', '@snapstream/kafkats', '@snapstream/cache', '@snapstream/codecs']

/** Through a topic of the broker in memory into a cache. */
const PROGRAM = `
import { createApp } from '@snapstream/core'
import { Cache } from '@snapstream/cache'
import { JsonCodec } from '@snapstream/codecs'
import { Topic } from '@snapstream/kafka'
import { memory } from '@snapstream/kafka/memory'

const topic = Topic('numbers', { conf: { driver: memory() }, codec: JsonCodec(), groupId: 'g', create: true, until: 'end' })
const cache = Cache('db/' + process.pid)
const out = createApp()
out.snap([1, 2, 3], { sink: [topic] })((n) => [String(n), { n }])
await out.stream()
const back = createApp()
back.snap(topic, { sink: [cache] })(({ key, value }) => [key, value.n])
await back.stream()
await cache.open()
console.log('cached', cache.getSync('1'), cache.getSync('2'), cache.getSync('3'))
await cache.close()
`
const EXPECTED = 'cached 1 2 3'

/** A topic that a library made with its own core, in a stream of another core. */
const LIBRARY = `
import { Topic } from '@snapstream/kafka'
import { memory } from '@snapstream/kafka/memory'

export const numbers = Topic('numbers', { conf: { driver: memory() }, create: true })
`
const TWO_CORES = `
import { createApp } from '@snapstream/core'
import { numbers } from 'library'

const app = createApp()
app.snap(['1'], { sink: [numbers] })((text) => text)
await app.stream()
`

/**
 * Rehearses releases against a registry on this machine: the first one, a patch of cache, a minor of core, and a major of
 * core with another protocol. After each the versions are printed, and apps are updated and run.
 */
export async function rehearse() {
  const folder = mkdtempSync(join(tmpdir(), 'snapstream-rehearsal-'))
  let registry
  let workspace
  let app
  let follower
  const rows = []
  /** The range of core that each package was published with. */
  const ranges = new Map()

  const release = (what, bump) => async () => {
    bump?.(workspace)
    const tags = await workspace.release()
    const cells = []
    for (const name of workspace.names) {
      const { version } = workspace.manifestOf(name)
      const isNew = tags.includes(`${name}@${version}`)
      if (isNew) ranges.set(name, await publishedRange(name, version))
      cells.push(cellOf(version, ranges.get(name), isNew))
    }
    rows.push([what, ...cells])
    return { ok: tags.length > 0, note: tags.join(', '), output: 'nothing was published' }
  }

  async function publishedRange(name, version) {
    const { stdout } = await rehearsalApp(join(folder, 'reader'), registry.env).npm(
      'view',
      `${name}@${version}`,
      '--json',
    )
    const { dependencies, peerDependencies } = JSON.parse(stdout)
    return peerDependencies?.[CORE] ?? dependencies?.[CORE]
  }

  /** Updates an app within its ranges: it has one core then, and runs. */
  const update = async () => {
    await follower.must('update')
    const cores = await follower.versionsOf(CORE)
    const { code, output } = await follower.run(PROGRAM)
    const ok = code === 0 && output.trim() === EXPECTED && cores.length === 1
    return { ok, note: `core ${cores.join(' and ')}`, output: `exit code ${code}\n${output}` }
  }

  const steps = [
    { name: 'build', run: async () => ofRun(await build()) },
    {
      name: 'a registry on this machine',
      needs: 'build',
      async run() {
        registry = await startLocalRegistry(join(folder, 'registry'))
        workspace = await scratchWorkspace(join(folder, 'workspace'), registry.env)
        return { ok: true }
      },
    },
    { name: 'first release', needs: 'a registry on this machine', run: release('first release') },
    {
      name: 'the first program of the README runs from it',
      needs: 'first release',
      async run() {
        app = rehearsalApp(join(folder, 'readme'), registry.env)
        const { packages, program, printed } = firstProgram()
        await app.must('install', ...packages)
        const { code, output } = await app.run(program)
        return { ok: code === 0 && output === printed, output: `exit code ${code}\n${output}` }
      },
    },
    {
      name: 'an app installs all packages',
      needs: 'first release',
      async run() {
        follower = rehearsalApp(join(folder, 'app'), registry.env)
        await follower.must('install', ...APP, 'level')
        return update()
      },
    },
    {
      name: 'patch of cache',
      needs: 'first release',
      run: release('patch of cache', ({ declare }) => declare('@snapstream/cache', 'patch', 'A fix.')),
    },
    { name: 'the app updates within its ranges (1)', needs: 'patch of cache', run: update },
    {
      name: 'minor of core',
      needs: 'patch of cache',
      run: release('minor of core', ({ declare }) => declare(CORE, 'minor', 'An option.')),
    },
    { name: 'the app updates within its ranges (2)', needs: 'minor of core', run: update },
    {
      name: 'major of core, with another protocol',
      needs: 'minor of core',
      run: release('major of core', (workspace) => {
        workspace.declare(CORE, 'major', 'Another protocol.')
        raiseProtocol(workspace)
      }),
    },
    { name: 'the app updates within its ranges (3)', needs: 'major of core, with another protocol', run: update },
    {
      name: 'npm refuses the new core with old adapters in a new folder',
      needs: 'major of core, with another protocol',
      async run() {
        const mixed = rehearsalApp(join(folder, 'mixed'), registry.env)
        const { code, output } = await mixed.npm('install', `${CORE}@2`, '@snapstream/kafka@1')
        return { ok: code !== 0 && output.includes('ERESOLVE'), output: `exit code ${code}\n${output}` }
      },
    },
    {
      name: 'the new core beside old adapters: the app stops with an error',
      needs: 'the app updates within its ranges (3)',
      async run() {
        // npm refuses the install or only warns, depending on its version and on the installed packages.
        const { code } = await follower.npm('install', `${CORE}@latest`)
        if (code !== 0) await follower.must('install', '--force', `${CORE}@latest`)
        return refused(await follower.run(PROGRAM), code === 0 ? 'npm warns' : 'npm refuses it without --force')
      },
    },
    {
      name: 'the command of the error mends it',
      needs: 'the new core beside old adapters: the app stops with an error',
      async run() {
        await follower.must('install', ...APP.map((name) => `${name}@latest`))
        return update()
      },
    },
    {
      name: 'a library with a core of its own, and the app stops with an error',
      needs: 'major of core, with another protocol',
      async run() {
        const library = join(folder, 'library')
        mkdirSync(library)
        const dependencies = { [CORE]: '^1.0.0', '@snapstream/kafka': '^1.0.0' }
        const manifest = { name: 'library', version: '1.0.0', type: 'module', exports: './index.js', dependencies }
        writeFileSync(join(library, 'package.json'), JSON.stringify(manifest))
        writeFileSync(join(library, 'index.js'), LIBRARY)
        const two = rehearsalApp(join(folder, 'two'), registry.env)
        await two.must('install', '--install-links', library, `${CORE}@latest`)
        const cores = await two.versionsOf(CORE)
        if (cores.length !== 2) return { ok: false, output: `core is there as ${cores.join(', ')}, not twice` }
        return refused(await two.run(TWO_CORES), `core ${cores.join(' and ')}`)
      },
    },
  ]
  try {
    const counts = await runSteps(steps)
    printTable(['release', ...(workspace?.names ?? []).map((name) => name.replace('@snapstream/', ''))], rows)
    return counts
  } finally {
    await registry?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const ofRun = ({ code, output }) => ({ ok: code === 0, output })

/** Edits the built files of core and its adapters as if all were revised for another version of the protocol. */
function raiseProtocol(workspace) {
  const raise = (name, file, constant) =>
    workspace.edit(name, file, (text) => text.replace(`${constant} = 1`, `${constant} = 2`))
  raise(CORE, 'adapter/protocol-version.js', 'PROTOCOL_VERSION')
  raise('@snapstream/kafka', 'topic/check-protocol.js', 'BUILT_FOR')
  for (const name of ['kafkats', 'cache', 'state', 'codecs'])
    raise(`@snapstream/${name}`, 'check-protocol.js', 'BUILT_FOR')
}

/** Whether a program ended with an error that names both versions and a command. */
function refused({ code, output }, note) {
  const told = /@snapstream\/\S+ was built for version 1 .* version 2; run npm install @snapstream\/core@latest.*/
  const [line = ''] = told.exec(output) ?? []
  return {
    ok: code !== 0 && line !== '' && output.includes('PROTOCOL_MISMATCH'),
    note: `${note}: ${line}`,
    output: `exit code ${code}\n${output}`,
  }
}

/** The version of a package, and the range of core that it asks for as it was published; new ones are marked. */
const cellOf = (version, range, isNew) => `${version}${isNew ? ' *' : ''}${range ? ` (${range})` : ''}`

function printTable(head, rows) {
  if (rows.length === 0) return
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i].length)))
  const line = (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`
  console.log(`\nversions (* published by the step), and the range of core that a package asks for:`)
  console.log([line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n'))
}
