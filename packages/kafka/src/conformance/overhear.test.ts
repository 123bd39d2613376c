import { expect, test } from 'vitest'
import { overhear, show } from './overhear.ts'

const secret = 'sesame'

test.each([
  ['the console', () => console.warn({ deep: [{ password: secret }] })],
  [
    'an error',
    () => {
      throw new Error(`no ${secret}`)
    },
  ],
  [
    'a cause',
    () => {
      throw new Error('no', { cause: new Error('no', { cause: { password: secret } }) })
    },
  ],
  [
    'a field of an error that is not listed',
    () => {
      throw Object.defineProperty(new Error('no'), 'config', { value: new Map([['a', secret]]) })
    },
  ],
])('a secret in %s is heard', async (_, run) => {
  const { text } = await overhear(async () => run())
  expect(text).toContain(secret)
})

test('output past the console is recorded, and written', async () => {
  const write = process.stderr.write
  const passed: unknown[] = []
  process.stderr.write = (...args: unknown[]) => passed.push(args[0]) > 0
  try {
    const { text } = await overhear(async () => void process.stderr.write(secret))
    expect([text.includes(secret), passed]).toEqual([true, [secret]])
  } finally {
    process.stderr.write = write
  }
})

test('the output includes the JSON of a value', () => {
  expect(show({ toJSON: () => secret })).toContain(secret)
  const cycle: Record<string, unknown> = { secret }
  cycle['cycle'] = cycle
  expect(show(cycle)).toContain(secret)
})

test('the console is restored, and the error is returned', async () => {
  const { warn } = console
  const error = new Error('no')
  const said = await overhear(async () => {
    throw error
  })
  expect([said.error, console.warn]).toEqual([error, warn])
})
