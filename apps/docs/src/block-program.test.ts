import { expect, test } from 'vitest'
import { compileBlocks, runBlock } from './block-program.ts'

const placed = (code: string, path = 'README.md') => ({
  path,
  block: { language: 'ts', code, line: 7, mark: undefined, output: undefined },
})

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

test('a block that throws ends with a code other than 0', async () => {
  const { code, stderr } = await runBlock(placed(`throw new Error('oh no')\n`))
  expect(code).toBe(1)
  expect(stderr).toContain('oh no')
})

test('the address of the broker replaces the one in the document', async () => {
  const { stdout } = await runBlock(placed(`console.log('localhost:29091')\n`), '127.0.0.1:5')
  expect(stdout).toBe('127.0.0.1:5\n')
})
