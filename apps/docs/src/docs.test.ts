import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { documents, root } from './documents.ts'
import { testBlocks } from './test-blocks.ts'
import { WRITTEN } from './block-program.ts'

const MARKS = [undefined, 'kafka', 'registry']
// Blocks in 'java' and 'python' show what other libraries do; they are not run.
const LANGUAGES = ['ts', 'text', 'sh', 'json', 'yaml', 'mermaid', 'java', 'python']

testBlocks(undefined)

describe('documents', () => {
  const all = documents()
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }

  test('there is a README at the top and in every package', () => {
    const readmes = ['core', 'kafka', 'kafkats', 'cache', 'cache-lmdb', 'state', 'codecs', 'cli', 'otel'].map(
      (name) => `packages/${name}/README.md`,
    )
    expect(all.map(({ path }) => path)).toEqual(expect.arrayContaining(['README.md', ...readmes]))
  })

  test.each(all)('$path has only blocks that a test can judge', ({ path, blocks }) => {
    for (const { language, line, mark, code } of blocks) {
      expect(LANGUAGES, `${path}:${line}: write \`\`\`ts for code that runs`).toContain(language)
      expect(MARKS, `${path}:${line}: an unknown mark above a block`).toContain(mark)
      const address = mark === undefined ? '' : WRITTEN[mark as keyof typeof WRITTEN]
      expect(code, `${path}:${line}: name the address, so that the test can put its own in place`).toContain(address)
    }
  })

  test.each(all)('$path names only commands that exist', ({ path, blocks }) => {
    for (const { code, line } of blocks.filter(({ language }) => language === 'sh'))
      for (const [, command, script] of code.matchAll(/\bnpm (?:(test)\b|run ([\w:-]+))/g))
        expect(Object.keys(scripts), `${path}:${line}`).toContain(command ?? script)
  })
})
