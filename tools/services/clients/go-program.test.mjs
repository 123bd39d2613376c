import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { expect, test } from 'vitest'
import { goProgram } from './go-program.mjs'

test('a machine without Go is told that the program needs it', async () => {
  const { PATH } = process.env
  const source = await mkdtemp(join(tmpdir(), 'snapstream-go-'))
  try {
    process.env.PATH = ''
    await writeFile(join(source, 'go.mod'), 'module hello\n')
    await expect(goProgram({ name: 'bench/hello', source })).rejects.toThrow('bench/hello needs Go')
  } finally {
    process.env.PATH = PATH
    await rm(source, { recursive: true })
  }
})
