import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { packages, projects } from '../lib/projects.mjs'
import { bin, toolEnv } from '../lib/tool.mjs'
import { at, readJson, root } from '../services/root.mjs'
import { run } from '../services/process/run.mjs'
import process from 'node:process'

const CHANGESETS = '.changeset'

/**
 * A copy of the built packages and their changesets, in a folder and a git repository of its own. The same commands version
 * and publish it as in the repository, which is not changed.
 */
export async function scratchWorkspace(folder, registryEnv) {
  const env = toolEnv({ ...registryEnv, CI: 'true' })
  for (const file of ['package.json', 'pnpm-workspace.yaml', CHANGESETS])
    cpSync(at(file), join(folder, file), { recursive: true })
  const released = packages().map((project) => ({ ...project, copy: join(folder, relative(root, project.folder)) }))
  for (const { folder: from, copy } of released) copyPackage(from, copy)
  // Private packages stay in the repository: pnpm only reads their versions.
  const all = [
    ...released,
    ...projects()
      .filter(({ manifest }) => manifest.private)
      .map((one) => ({ ...one, copy: one.folder })),
  ]
  for (const { copy, manifest } of released) linkWorkspace(copy, manifest, all)
  writeFileSync(join(folder, '.gitignore'), 'node_modules/\ndist/\n')
  await git('init', '--quiet', '--initial-branch=main')
  await commit('Begin')

  async function must(command, args) {
    const { code, output } = await run(command, args, { cwd: folder, env, capture: true, timeoutMs: 300_000 })
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`)
    return output
  }
  async function git(...args) {
    return must('git', ['-c', 'user.name=rehearsal', '-c', 'user.email=rehearsal@localhost', ...args])
  }
  async function commit(subject) {
    await git('add', '--all')
    await git('commit', '--quiet', '--message', subject)
  }
  const changeset = (...args) => must(process.execPath, [bin('changeset', '@changesets/cli'), ...args])
  const manifestOf = (name) => readJson(join(released.find((one) => one.name === name).copy, 'package.json'))

  return {
    names: released.map(({ name }) => name),
    manifestOf,

    /** Declares a change of a package. */
    declare(name, bump, sentence) {
      writeFileSync(
        join(folder, CHANGESETS, `${bump}-${name.split('/')[1]}.md`),
        `---\n'${name}': ${bump}\n---\n\n${sentence}\n`,
      )
    },

    /** Edits a built file of a package. */
    edit(name, file, edit) {
      const path = join(released.find((one) => one.name === name).copy, 'dist', file)
      const before = readFileSync(path, 'utf8')
      const after = edit(before)
      if (after === before) throw new Error(`${path} has nothing to edit any more`)
      writeFileSync(path, after)
    },

    /** Raises versions by the changesets, and publishes the new ones. Returns their tags. */
    async release() {
      const before = await tags()
      await changeset('version')
      await commit('Release')
      await changeset('publish')
      const after = await tags()
      return after.filter((tag) => !before.includes(tag))
    },
  }

  async function tags() {
    return (await git('tag', '--list')).split('\n').filter(Boolean)
  }
}

function copyPackage(from, to) {
  mkdirSync(dirname(to), { recursive: true })
  const left = new Set(['node_modules', '.api', 'api', 'test-results.json'].map((name) => join(from, name)))
  cpSync(from, to, { recursive: true, filter: (path) => !left.has(path) })
}

/** pnpm reads the versions for `workspace:^` through these links. */
function linkWorkspace(copy, { dependencies, peerDependencies, devDependencies }, all) {
  const wanted = Object.keys({ ...dependencies, ...peerDependencies, ...devDependencies })
  for (const { name, copy: target } of all.filter((one) => wanted.includes(one.name))) {
    const link = join(copy, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(relative(dirname(link), target), link, 'junction')
  }
}
