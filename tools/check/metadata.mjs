import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { packages } from '../lib/projects.mjs'
import { at, readJson, root } from '../services/root.mjs'

const FIELDS = ['homepage', 'bugs', 'repository']

/**
 * The address of the repository stands in one place, `repository` of the root's package.json. Every package.json has it
 * from there, with the folder of the package: npm resolves the relative links of a README by these two. `fix` writes them.
 */
export async function metadata({ fix = false } = {}) {
  const { repository } = readJson(at('package.json'))
  const checked = packages()
  if (fix) for (const project of checked) writeMetadata(project, repository)
  const problems = fix ? [] : checked.flatMap((project) => differences(project, repository))
  return { ok: problems.length === 0, output: problems.join('\n') }
}

/** The metadata of a package, made from the address of the repository. */
export function metadataOf(folder, repository) {
  const address = repository.url.replace(/^git\+/, '').replace(/\.git$/, '')
  return {
    homepage: `${address}/tree/main/${folder}#readme`,
    bugs: `${address}/issues`,
    repository: { ...repository, directory: folder },
  }
}

function differences({ folder, manifest }, repository) {
  const wanted = metadataOf(pathOf(folder), repository)
  return FIELDS.filter((field) => !isDeepStrictEqual(manifest[field], wanted[field])).map(
    (field) =>
      `${pathOf(folder)}/package.json: ${field} has to be ${JSON.stringify(wanted[field])}, as the root's package.json says; got ${JSON.stringify(manifest[field])}: npm run check -- --fix`,
  )
}

function writeMetadata({ folder, manifest }, repository) {
  if (differences({ folder, manifest }, repository).length === 0) return
  const entries = Object.entries(manifest).filter(([field]) => !FIELDS.includes(field))
  const place = entries.findIndex(([field]) => field === 'license')
  const [homepage, bugs, ...last] = Object.entries(metadataOf(pathOf(folder), repository))
  entries.splice(place, 1, homepage, bugs, entries[place], ...last) // the order of the formatter
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`)
}

const pathOf = (folder) => relative(root, folder).replaceAll('\\', '/')
