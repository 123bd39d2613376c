import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesOf, projects } from '../lib/projects.mjs'

const MAXIMUM = 250
const MEDIAN = 100

/** One concept a file: none over 250 lines, half of them under 100. Tests are left out of it. */
export async function fileLength() {
  const lengths = projects()
    .flatMap((project) => filesOf(project).map((file) => join(project.folder, file)))
    .filter((file) => /\.m?ts$|\.mjs$/.test(file) && !/\.test(-d)?\.\w+$/.test(file))
    .map((file) => ({ file, lines: readFileSync(file, 'utf8').split('\n').length - 1 }))
    .sort((a, b) => a.lines - b.lines)
  const median = lengths[Math.floor(lengths.length / 2)]?.lines ?? 0
  const long = lengths.filter(({ lines }) => lines > MAXIMUM)
  const note = `${lengths.length} files, median ${median} lines, longest ${lengths.at(-1)?.lines ?? 0}`
  const output = long.map(({ file, lines }) => `${file}: ${lines} lines, at most ${MAXIMUM} are allowed`).join('\n')
  return { ok: long.length === 0 && median < MEDIAN, note, output }
}
