import { expect, test } from 'vitest'
import { compileBlock, runBlock } from './run-block.ts'

const block = (code: string) => ({ language: 'ts', code, line: 7, mark: undefined, output: undefined })

test('a block compiles and runs from the sources of the packages', async () => {
  const good = block(
    `import { StringCodec } from '@snapstream/core'\nconst text: string = StringCodec().decode(new Uint8Array([72, 105]))\nconsole.log(text)\n`,
  )
  expect(await compileBlock(good, 'README.md')).toMatchObject({ code: 0, stdout: '' })
  expect(await runBlock(good, 'README.md')).toMatchObject({ code: 0, stdout: 'Hi\n' })
})

test('what does not compile is said with the line of the document', async () => {
  const { code, stdout } = await compileBlock(block(`const a: string = 1\n`), 'docs/x.md')
  expect(code).not.toBe(0)
  expect(stdout).toContain('docs-x.md.ts(7,7)')
})

test('a block that throws ends with a code other than 0', async () => {
  const { code, stderr } = await runBlock(block(`throw new Error('oh no')\n`), 'README.md')
  expect(code).toBe(1)
  expect(stderr).toContain('oh no')
})

test('the address of the broker takes the place of the one that is written', async () => {
  const { stdout } = await runBlock(block(`console.log('localhost:29091')\n`), 'README.md', '127.0.0.1:5')
  expect(stdout).toBe('127.0.0.1:5\n')
})
