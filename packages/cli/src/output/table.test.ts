import { Writable } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { createPrinter } from './printer.ts'
import { createTable } from './table.ts'

function gathered() {
  let text = ''
  const stdout = new Writable({
    write(chunk: Buffer, _, done) {
      text += chunk.toString()
      done()
    },
  })
  const printer = createPrinter({ stdout, signal: new AbortController().signal, env: {} })
  return { printer, text: () => text }
}

test('the first rows are written before the last are known, by their number', async () => {
  const { printer, text } = gathered()
  const table = createTable(['NAME', 'N'], printer)
  for (let i = 0; i < 99; i++) await table.row(`row ${i}`, i)
  expect(text()).toBe('')
  await table.row('row 99', 99)
  await vi.waitUntil(() => text().includes('row 99'))
  expect(text().startsWith('NAME     N\nrow 0    0\n')).toBe(true)
  await table.row('a longer one', 1000)
  table.end()
  await printer.end()
  expect(text().endsWith('row 99  99\na longer one  1000\n')).toBe(true)
})

test('or soon, where they are few', async () => {
  const { printer, text } = gathered()
  await createTable(['NAME'], printer).row('first')
  await vi.waitFor(() => expect(text()).toBe('NAME\nfirst\n'))
})

test('wide characters take their room, and a cell stays on its line and steers no terminal', async () => {
  const { printer, text } = gathered()
  const table = createTable(['A', 'B'], printer)
  await table.row('🏆🏆', '-')
  await table.row('a\n\u001B', 7)
  table.end()
  await printer.end()
  expect(text()).toBe('A        B\n🏆🏆     -\na\\n\\x1b  7\n')
})

test('without a row there is nothing', async () => {
  const { printer, text } = gathered()
  createTable(['A'], printer).end()
  await printer.end()
  expect(text()).toBe('')
})

test('a hundred thousand rows take no longer than a test may', async () => {
  const { printer, text } = gathered()
  const table = createTable(['AT', 'MESSAGE'], printer)
  for (let i = 0; i < 100_000; i++) await table.row(`0/${i}`, `message ${i} of a letter that could not be handled`)
  table.end()
  await printer.end()
  expect(text().split('\n')).toHaveLength(100_002)
})
