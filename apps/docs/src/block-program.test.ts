import { expect, onTestFinished, test } from 'vitest'
import { buildBlocks, compileBlocks } from './block-program.ts'
import type { Ended, PlacedBlock } from './block-program.ts'

const placed = (code: string, path = 'README.md') => ({
  path,
  block: { language: 'ts', code, line: 7, mark: undefined, output: undefined },
})

/** Builds and runs a block. */
async function runBlock(block: PlacedBlock, address?: string): Promise<Ended> {
  const programs = await buildBlocks([block], address)
  onTestFinished(programs.remove)
  return programs.run(block)
}

test('blocks compile together, each as a module, and errors have the line in the document', async () => {
  const good = placed(
    `import { StringCodec } from '@snapstream/core'\nconst text: string = StringCodec().decode(new Uint8Array([72, 105]))\nconsole.log(text)\n`,
  )
  const bad = placed(`const text: string = 1\nconst other: number = 'a'\n`, 'docs/x.md')
  const [first, second] = await compileBlocks([good, bad])
  expect(first).toBe('')
  expect(second).toMatch(/^docs-x\.md\.7\.ts\(7,7\): error [^\n]*\ndocs-x\.md\.7\.ts\(8,7\): error [^\n]*$/)
})

test('a block runs from the sources of the packages', async () => {
  const block = placed(
    `import { StringCodec } from '@snapstream/core'\nconsole.log(StringCodec().decode(new Uint8Array([72, 105])))\n`,
  )
  expect(await runBlock(block)).toMatchObject({ code: 0, stdout: 'Hi\n' })
})

test('a block that throws ends with a code other than 0, and the line in the document', async () => {
  const { code, stderr } = await runBlock(placed(`const n: number = 1\nthrow new Error("oh no")\n`))
  expect(code).toBe(1)
  expect(stderr).toContain('oh no')
  expect(stderr).toMatch(/README\.md\.7\.ts:8:/)
})

test('a block that does not parse is an error that names its line in the document', async () => {
  await expect(runBlock(placed(`const n = \n`))).rejects.toThrow(/README\.md\.7\.ts:8:/)
})

test('a package that is not installed is missing when the block imports it, and not before', async () => {
  const { code, stdout } = await runBlock(placed(`console.log('first')\nawait import('no-such-package')\n`))
  expect({ code, stdout }).toEqual({ code: 1, stdout: 'first\n' })
})

test('the address of the broker replaces the one in the document', async () => {
  const { stdout } = await runBlock(placed(`console.log('localhost:29091')\n`), '127.0.0.1:5')
  expect(stdout).toBe('127.0.0.1:5\n')
})
