import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { at, readJson } from '../services/root.mjs'
import { installTarballs } from './install.mjs'

/** The packages that a program needs to use each package: those of the workspace, and others from npm. */
const INSTALLS = {
  core: [['core']],
  kafka: [['core', 'kafka']],
  kafkats: [['core', 'kafka', 'kafkats']],
  cache: [['core', 'cache'], ['level']],
  'cache-lmdb': [['core', 'cache', 'cache-lmdb']],
  state: [['core', 'cache', 'state'], ['level']],
  operators: [['core', 'operators']],
  codecs: [['core', 'codecs']],
  otel: [['core', 'otel'], ['@opentelemetry/api']],
  cli: [['core', 'kafka', 'cache', 'state', 'codecs', 'cli']],
}
/** The figures to compare with. `npm run packed -- --record` writes them anew. */
const RECORDED = at('tools', 'packed', 'installs.json')
const HEAD = ['to use', 'packages', 'MB', 'seconds', 'native modules']

/** Installs each package with its peers into an empty folder, and prints the figures beside the recorded ones. */
export async function printInstalls(folder, tarballs, { record = false } = {}) {
  const before = readJson(RECORDED)
  const now = {}
  for (const [name, [own, others]] of Object.entries(INSTALLS))
    now[name] = await measure(
      join(folder, name),
      own.map((one) => tarballs[one]),
      others,
    )
  if (record) writeFileSync(RECORDED, `${JSON.stringify(now, undefined, 2)}\n`)
  console.log(
    `\n${table(Object.keys(INSTALLS).map((name) => rowOf(name, before[name], now[name])))}\n(recorded -> now, where they differ)\n`,
  )
  const grown = Object.keys(now).filter((name) => isMore(before[name], now[name]))
  return {
    ok: record || grown.length === 0,
    output: `more is installed for ${grown.join(', ')} than was recorded: if that is meant, npm run packed -- --record`,
  }
}

/** More packages, other native modules, or a tenth more of the disk. The time says as much about the machine as about them. */
function isMore(before, now) {
  if (!before || now.packages > before.packages) return true
  return now.mb > before.mb * 1.1 + 0.2 || now.native.some((name) => !before.native.includes(name))
}

async function measure(folder, tarballs, others) {
  const begun = performance.now()
  await installTarballs(folder, tarballs, others)
  const seconds = (performance.now() - begun) / 1000
  const { packages } = readJson(join(folder, 'node_modules', '.package-lock.json'))
  const paths = Object.keys(packages).filter(
    (path) => path.startsWith('node_modules/') && existsSync(join(folder, path)),
  )
  const files = readdirSync(join(folder, 'node_modules'), { recursive: true, withFileTypes: true }).filter((file) =>
    file.isFile(),
  )
  const bytes = files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0)
  return {
    packages: paths.length,
    mb: round(bytes / 1e6),
    seconds: round(seconds),
    native: nativeOf(folder, files, paths),
  }
}

/** The packages with compiled code, or that compile some when they are installed. */
function nativeOf(folder, files, paths) {
  const compiled = files.filter(({ name }) => name.endsWith('.node')).map(({ parentPath }) => parentPath)
  return paths
    .filter((path) => !path.includes('/node_modules/', 1))
    .filter(
      (path) =>
        compiled.some((one) => `${one}/`.startsWith(`${join(folder, path)}/`)) ||
        existsSync(join(folder, path, 'binding.gyp')),
    )
    .map((path) => path.slice('node_modules/'.length))
}

function rowOf(name, before, now) {
  const cell = (of) => {
    const [old, value] = [before && of(before), of(now)]
    return old === undefined || old === value ? value : `${old} -> ${value}`
  }
  return [
    name,
    cell(({ packages }) => String(packages)),
    cell(({ mb }) => String(mb)),
    cell(({ seconds }) => String(seconds)),
    cell(({ native }) => native.join(', ') || 'none'),
  ]
}

function table(rows) {
  const all = [HEAD, ...rows]
  const widths = HEAD.map((_, i) => Math.max(...all.map((row) => row[i].length)))
  const line = (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`
  return [line(HEAD), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n')
}

const round = (value) => Math.round(value * 10) / 10
