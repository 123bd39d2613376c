import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import process from 'node:process'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { buildPrograms } from './build-programs.mjs'

let folder
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapstream-programs-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
})

const write = (name, ...lines) => {
  const file = join(folder, name)
  writeFileSync(file, lines.join('\n'))
  return file
}
const built = (name) => join(folder, 'built', name)
const build = (...programs) => buildPrograms({ programs, folder: join(folder, 'built') })
const run = async (name) => (await promisify(execFile)(process.execPath, [built(name)])).stdout

test('programs that share a module run with plain Node, and load it as each of them asks', async () => {
  write('shared.ts', 'export const name: string = "shared"', 'console.log("loaded")')
  const at = write('at.ts', 'import { name } from "./shared.ts"', 'console.log(name satisfies string)')
  const later = write('later.ts', 'console.log("first")', 'console.log((await import("./shared.ts")).name)')
  await build(at, later)
  expect(await run('at.mjs')).toBe('loaded\nshared\n')
  expect(await run('later.mjs')).toBe('first\nloaded\nshared\n')
})

test('a source finds the files beside it by its own URL', async () => {
  const program = write('program.ts', 'console.log(import.meta.url)')
  await build(program)
  expect(await run('program.mjs')).toBe(`${pathToFileURL(program).href}\n`)
})

test('a package that is not installed is missing when it is imported, and not before', async () => {
  const program = write('program.ts', 'console.log("first")', 'await import("no-such-package")')
  await build(program)
  await expect(run('program.mjs')).rejects.toMatchObject({
    stdout: 'first\n',
    stderr: expect.stringContaining("Cannot find package 'no-such-package'"),
  })
})

test('a program that does not parse is an error with its file and line', async () => {
  const program = write('program.ts', 'const a = 1', 'const b =')
  await expect(build(program)).rejects.toThrow(/program\.ts:2:9: ERROR: Unexpected end of file/)
})
