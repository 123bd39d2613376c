import { expect, test } from 'vitest'
import { builtDemo } from './fixtures/built-demo.ts'

const HELLO = [0, 1, 2, 3, 4].map((n) => `Hello ${n}`)
const EMOJI = ['🏆', '📞', '🐟', '👌', '🎉'].map((emoji) => `Look at this emoji: ${emoji}`)
const SUMMARY = 'orders: 200 handled, 2 dead letters, 4 customers, 20100 in total\n'

const demo = builtDemo()

test.concurrent('runs all examples on the memory driver and ends', async () => {
  const { stdout, stderr } = await demo()
  expect(stdout).toBe([...HELLO, ...EMOJI, ''].join('\n'))
  expect(stderr).toBe(SUMMARY)
})

test.concurrent('runs the named example only', async () => {
  expect((await demo('emoji')).stdout).toBe([...EMOJI, ''].join('\n'))
})

test.concurrent('windows and joins equal their input', { timeout: 120_000 }, async () => {
  const windows = demo('windows')
  const joins = demo('joins')
  expect((await windows).stderr).toBe(
    'windows: 3000 clicks, 2997 in 24 windows, 3 too late; each window equals the input\n',
  )
  expect((await joins).stderr).toBe('joins: 300 orders, 180 paid in time, 120 not; each equals the input\n')
})

test.concurrent('prints its help and its examples', async () => {
  expect((await demo('--help')).stdout).toContain('--kafka [address]')
  expect((await demo('--list')).stdout.trim().split('\n')).toHaveLength(6)
})

test.concurrent('an unknown example or option is an error', async () => {
  await expect(demo('helo')).rejects.toMatchObject({
    code: 1,
    stderr: "demo: unknown example 'helo'; the examples are hello, emoji, orders, windows, joins, scale\n",
  })
  await expect(demo('--kafak')).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('--kafak') as string })
})

test.concurrent('ends with an error that names the address when no broker answers', { timeout: 60_000 }, async () => {
  const started = Date.now()
  await expect(demo('emoji', '--kafka', 'localhost:9')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^demo: .*localhost:9.*\n$/) as string,
  })
  expect(Date.now() - started).toBeLessThan(40_000)
})
