import { readFileSync } from 'node:fs'
import { at } from '../lib/root.mjs'
import { run } from '../lib/run.mjs'

const MAXIMUM = 250
const MEDIAN = 100

/** One concept a file: none over 250 lines, half of them under 100. Tests are left out of it. */
export async function fileLength() {
  const listed = await run(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.mjs', '*.mts'],
    { capture: true },
  )
  if (listed.code !== 0) return { ok: false, output: listed.output }
  const lengths = listed.stdout
    .split('\n')
    .filter((file) => file !== '' && !/\.test(-d)?\.ts$/.test(file))
    .flatMap((file) => lengthOf(file))
    .sort((a, b) => a.lines - b.lines)
  const median = lengths[Math.floor(lengths.length / 2)]?.lines ?? 0
  const long = lengths.filter(({ lines }) => lines > MAXIMUM)
  const note = `${lengths.length} files, median ${median} lines, longest ${lengths.at(-1)?.lines ?? 0}`
  const output = long.map(({ file, lines }) => `${file}: ${lines} lines, at most ${MAXIMUM} are allowed`).join('\n')
  return { ok: long.length === 0 && median < MEDIAN, note, output }
}

function lengthOf(file) {
  try {
    return [{ file, lines: readFileSync(at(file), 'utf8').split('\n').length - 1 }]
  } catch {
    return [] // deleted, but not from the index yet
  }
}
