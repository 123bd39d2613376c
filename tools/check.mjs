import './lib/bootstrap.mjs'
import { api } from './check/api.mjs'
import { changesets } from './check/changesets.mjs'
import { circles } from './check/circles.mjs'
import { links } from './check/links.mjs'
import { metadata } from './check/metadata.mjs'
import { size } from './check/size.mjs'
import { versions } from './check/versions.mjs'
import { workflows } from './check/workflows.mjs'
import { imports } from './check/imports.mjs'
import { parseOptions } from './lib/parse-options.mjs'
import { judged, runSteps, setExitCode } from './lib/steps.mjs'
import { build } from './lib/tarballs.mjs'
import { tool } from './lib/tool.mjs'

const HELP = `npm run check             all checks except the tests
npm run check -- --fix    also formats the code, fixes lint where possible, and writes the metadata of packages`

const { fix = false } = parseOptions(HELP, { fix: { type: 'boolean' } })

const quiet = (name, toolArgs) => judged(tool(name, toolArgs, { capture: true }))
const counts = await runSteps([
  { name: 'format', run: () => quiet('oxfmt', fix ? [] : ['--check']) },
  { name: 'lint', run: () => quiet('oxlint', ['--type-aware', ...(fix ? ['--fix'] : [])]) },
  { name: 'types', run: () => quiet('nx', ['run-many', '-t', 'typecheck', '--outputStyle=static']) },
  { name: 'unused', run: () => quiet('knip', []) },
  { name: 'circles', run: circles },
  { name: 'versions', run: versions },
  { name: 'metadata', run: () => metadata({ fix }) },
  { name: 'links', run: links },
  { name: 'workflows', run: workflows },
  { name: 'changesets', run: changesets },
  { name: 'build', run: () => judged(build()) },
  { name: 'published imports', needs: 'build', run: imports },
  // The entry points of the packed packages exist, and their types fit them.
  {
    name: 'published files',
    needs: 'build',
    run: () => quiet('nx', ['run-many', '-t', 'publint,attw', '--outputStyle=static']),
  },
  { name: 'public types', needs: 'build', run: api },
  { name: 'size', needs: 'build', run: size },
])
setExitCode(counts)
