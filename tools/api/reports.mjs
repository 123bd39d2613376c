import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packages } from '../lib/projects.mjs'
import { tool } from '../lib/tool.mjs'
import { entriesOf, EXTRACTED } from './entries.mjs'

/** The folder of a package that holds its reports. */
const KEPT = 'api'

/** The packages that have types to report. */
export const reported = () => packages().filter(({ manifest }) => entriesOf(manifest).length > 0)

/** Makes the reports of all packages anew, apart from those that are kept. Nx knows those that did not change. */
export function extractReports() {
  const args = [
    'run-many',
    '-t',
    'api',
    '-p',
    reported()
      .map(({ name }) => name)
      .join(','),
    '--outputStyle=static',
  ]
  return tool('nx', args, { capture: true })
}

/** The reports that a package keeps, by file name. */
export const keptReports = ({ folder }) => reportsIn(join(folder, KEPT))

/** The reports that `extractReports` made of a package, by file name. */
const extractedReports = ({ folder }) => reportsIn(join(folder, EXTRACTED))

/** The path of a kept report from the root, as git knows it. */
export const pathOfReport = ({ short }, file) => `packages/${short}/${KEPT}/${file}`

/** Stores the extracted reports. Returns the paths of those that changed. */
export function updateReports() {
  const changed = reported().flatMap((project) => staleReports(project).map((file) => pathOfReport(project, file)))
  for (const project of reported()) {
    const folder = join(project.folder, KEPT)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    for (const [file, text] of extractedReports(project)) writeFileSync(join(folder, file), text)
  }
  return changed
}

/** The reports of a package that are kept and not as they were extracted, or are missing, or of no entry. */
export function staleReports(project) {
  const kept = keptReports(project)
  const extracted = extractedReports(project)
  const files = new Set([...kept.keys(), ...extracted.keys()])
  return [...files].filter((file) => kept.get(file) !== extracted.get(file))
}

function reportsIn(folder) {
  const files = existsSync(folder) ? readdirSync(folder) : []
  return new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]))
}
