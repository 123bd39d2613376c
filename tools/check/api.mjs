import { extractReports, keptReports, pathOfReport, reported, staleReports } from '../api/reports.mjs'
import { undeclaredBreaks } from '../api/released.mjs'
import { root } from '../services/root.mjs'

/** The reports of public types are up to date, and what breaks since the last release is declared by a changeset. */
export async function api() {
  const projects = reported()
  if (projects.every((project) => keptReports(project).size === 0))
    return { ok: true, note: 'no reports are kept yet; npm run api writes them' }
  const { code, output } = await extractReports()
  if (code !== 0) return { ok: false, output }
  const stale = projects.flatMap((project) => staleReports(project).map((file) => pathOfReport(project, file)))
  if (stale.length > 0) return { ok: false, output: `out of date; npm run api updates them:\n${stale.join('\n')}` }
  const breaks = await undeclaredBreaks(root, projects)
  return { ok: breaks.length === 0, output: breaks.join('\n') }
}
