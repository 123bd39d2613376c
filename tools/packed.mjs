import './lib/bootstrap.mjs'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { at, readJson } from './services/root.mjs'
import { parseOptions } from './lib/parse-options.mjs'
import { runSteps, setExitCode } from './lib/steps.mjs'
import { summary } from './lib/results.mjs'
import { build, pack } from './lib/tarballs.mjs'
import { installFirstProgram, runFirstProgram } from './packed/first-program.mjs'
import { installTarballs } from './packed/install.mjs'
import { printInstalls } from './packed/installs.mjs'
import { runBinary } from './packed/run-binary.mjs'
import { compile, use } from './packed/use.mjs'

const HELP = `npm run packed                     test the packages as npm installs them outside the workspace: load them by import and by
                                   require, compile against them, run the snapstream command and the README's first
                                   program, and measure how much each package installs
npm run packed -- --record         also record how much each package installs (tools/packed/installs.json)
npm run packed -- --keep <folder>  also copy the tarballs of the packages to this folder`

const { record = false, keep } = parseOptions(HELP, { record: { type: 'boolean' }, keep: { type: 'string' } })

const SETS = [
  { program: 'core', packages: ['core'] },
  { program: 'kafka', packages: ['core', 'kafka'] },
  { program: 'cache', packages: ['core', 'cache'], others: ['level'] },
  { program: 'lmdb', packages: ['core', 'cache', 'cache-lmdb'] },
  {
    program: 'all',
    packages: ['core', 'kafka', 'kafkats', 'cache', 'cache-lmdb', 'state', 'operators', 'codecs', 'cli', 'otel'],
    others: ['@opentelemetry/api'],
  },
]
const ALL = SETS.at(-1).packages.join(' + ')
const ALL_INSTALLED = `install ${ALL}`
const TYPESCRIPTS = ['typescript', 'typescript-5.9']

const folder = mkdtempSync(join(tmpdir(), 'snapstream-packed-'))
const nodeTypes = `@types/node@${readJson(at('package.json')).devDependencies['@types/node']}`
let tarballs = {}

const makeTarballs = async () => {
  const { code, output } = await build()
  if (code !== 0) return { ok: false, output }
  tarballs = await pack(join(folder, 'tarballs'))
  if (keep === undefined) return { ok: true }
  mkdirSync(keep, { recursive: true })
  for (const tarball of Object.values(tarballs)) copyFileSync(tarball, join(keep, basename(tarball)))
  return { ok: true, note: `the tarballs are in ${keep}` }
}

const stepsOf = ({ program, packages, others = [] }) => {
  const project = join(folder, program)
  const what = [...packages, ...others].join(' + ')
  const install = async () => {
    await installTarballs(
      project,
      packages.map((name) => tarballs[name]),
      [...others, nodeTypes],
    )
    return { ok: true }
  }
  return [
    { name: `install ${what}`, needs: 'pack', run: install },
    ...['import', 'require'].map((how) => ({
      name: `${what} by ${how}`,
      needs: `install ${what}`,
      run: () => use(project, program, how),
    })),
  ]
}

const compileStep = (typescript) => ({
  name: `types under TypeScript ${readJson(at('node_modules', typescript, 'package.json')).version}`,
  needs: ALL_INSTALLED,
  run: () => compile(join(folder, 'all'), typescript),
})

const binaryStep = {
  name: 'the snapstream command',
  needs: `${ALL} by import`,
  run: () => runBinary(join(folder, 'all')),
}

const firstProgram = join(folder, 'first-program')
const firstProgramSteps = [
  {
    name: "the commands of the README's first program",
    needs: 'pack',
    run: () => installFirstProgram(firstProgram, tarballs),
  },
  {
    name: "the README's first program on every Node",
    needs: "the commands of the README's first program",
    run: () => runFirstProgram(firstProgram),
  },
]

try {
  const steps = [
    { name: 'pack', run: makeTarballs },
    ...firstProgramSteps,
    ...SETS.flatMap(stepsOf),
    binaryStep,
    ...TYPESCRIPTS.map(compileStep),
    {
      name: 'what each package installs',
      needs: 'pack',
      run: () => printInstalls(join(folder, 'installs'), tarballs, { record }),
    },
  ]
  const counts = await runSteps(steps)
  console.log(summary(counts))
  setExitCode(counts)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
