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

test('the first 100 rows are written at once, and set the widths of the columns', async () => {
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

test('fewer rows are written after a moment', async () => {
  const { printer, text } = gathered()
  await createTable(['NAME'], printer).row('first')
  await vi.waitFor(() => expect(text()).toBe('NAME\nfirst\n'))
})

test('columns fit wide characters, and line breaks and control characters in cells are escaped', async () => {
  const { printer, text } = gathered()
  const table = createTable(['A', 'B'], printer)
  await table.row('🏆🏆', '-')
  await table.row('a\n\u001B', 7)
  table.end()
  await printer.end()
  expect(text()).toBe('A        B\n🏆🏆     -\na\\n\\x1b  7\n')
})

test('a table without rows writes nothing', async () => {
  const { printer, text } = gathered()
  createTable(['A'], printer).end()
  await printer.end()
  expect(text()).toBe('')
})

test('a hundred thousand rows are written within the time-out of a test', async () => {
  const { printer, text } = gathered()
  const table = createTable(['AT', 'MESSAGE'], printer)
  for (let i = 0; i < 100_000; i++) await table.row(`0/${i}`, `message ${i} of a letter that could not be handled`)
  table.end()
  await printer.end()
  expect(text().split('\n')).toHaveLength(100_002)
})
