import './lib/bootstrap.mjs'
import process from 'node:process'
import { parseOptions } from './lib/parse-options.mjs'
import { build } from './lib/tarballs.mjs'

const HELP = `npm run api    write the reports of all public types (packages/*/api), one for each public entry. It has no options.`

parseOptions(HELP)

const { extractReports, updateReports } = await import('./api/reports.mjs') // when its dependencies are installed
for (const step of [build, extractReports]) {
  const { code, output } = await step()
  if (code === 0) continue
  console.error(output)
  process.exit(code)
}
const changed = updateReports()
console.log(changed.length === 0 ? 'all reports were up to date' : `updated:\n${changed.join('\n')}`)
