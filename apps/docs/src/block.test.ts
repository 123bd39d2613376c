import { describe, expect, test } from 'vitest'
import { blocksOf } from './block.ts'

const FENCE = '```'
const markdown = (...lines: string[]) => lines.join('\n').replaceAll('~', FENCE)

describe('blocksOf', () => {
  test('finds code, language and line', () => {
    const blocks = blocksOf(markdown('# Title', '', '~ts', 'const a = 1', 'a', '~', '~sh', 'npm test', '~'))
    expect(blocks.map(({ language, code, line }) => ({ language, code, line }))).toEqual([
      { language: 'ts', code: 'const a = 1\na\n', line: 4 },
      { language: 'sh', code: 'npm test\n', line: 8 },
    ])
  })

  test('takes the text block after a ts block as its output, with prose between them', () => {
    const [first] = blocksOf(markdown('~ts', 'a()', '~', 'prints', '', '~text', 'A', '~'))
    expect(first?.output).toBe('A\n')
  })

  test('does not take a text block under another heading, or after another block', () => {
    expect(blocksOf(markdown('~ts', 'a()', '~', '## Next', '~text', 'A', '~'))[0]?.output).toBeUndefined()
    expect(blocksOf(markdown('~ts', 'a()', '~', '~sh', 'ls', '~', '~text', 'A', '~'))[0]?.output).toBeUndefined()
  })

  test('reads the mark in a comment above, with or without a blank line between', () => {
    const block = ['~ts', 'a()', '~']
    const blocks = blocksOf(markdown('<!-- kafka -->', ...block, '<!-- kafka -->', '', ...block, 'text', '', ...block))
    expect(blocks.map(({ mark }) => mark)).toEqual(['kafka', 'kafka', undefined])
  })

  test('keeps shorter fences inside longer ones', () => {
    const blocks = blocksOf(['````text', FENCE, 'x', FENCE, '````'].join('\n'))
    expect(blocks.map(({ code }) => code)).toEqual([`${FENCE}\nx\n${FENCE}\n`])
  })
})
