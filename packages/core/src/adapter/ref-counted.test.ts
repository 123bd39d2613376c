import { setTimeout } from 'node:timers/promises'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { refCounted } from './index.ts'

function record(failures: Error[] = []) {
  const log: string[] = []
  const shared = refCounted(
    async () => {
      log.push('opening')
      await setTimeout(1)
      const failure = failures.shift()
      log.push(failure ? 'failed' : 'open')
      if (failure) throw failure
      return 'value'
    },
    async (value) => {
      expect(value).toBe('value')
      log.push('closing')
      await setTimeout(1)
      log.push('closed')
    },
  )
  return { log, ...shared, users: () => shared.users }
}

describe('opening and closing', () => {
  test('happen at the first open and at the last close', async () => {
    const { log, open, close } = record()
    await Promise.all([open(), open()])
    await close()
    expect(log).toEqual(['opening', 'open'])
    await close()
    await close()
    expect(log).toEqual(['opening', 'open', 'closing', 'closed'])
  })

  test('close during open waits for it', async () => {
    const { log, open, close } = record()
    await Promise.all([open(), close()])
    expect(log).toEqual(['opening', 'open', 'closing', 'closed'])
  })

  test('open during close opens again afterwards', async () => {
    const { log, open, close } = record()
    await open()
    const closed = close()
    await open()
    await closed
    expect(log).toEqual(['opening', 'open', 'closing', 'closed', 'opening', 'open'])
  })

  test('concurrent calls share a failed opening, which does not count as one', async () => {
    const { log, open, close } = record([new Error('no')])
    expect(await Promise.allSettled([open(), open()])).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }])
    await close()
    await open()
    await close()
    expect(log).toEqual(['opening', 'failed', 'opening', 'open', 'closing', 'closed'])
  })

  test('never overlap, whatever the order of calls', async () => {
    const call = fc.constantFrom('open', 'close', 'turn')
    await fc.assert(
      fc.asyncProperty(
        fc.array(call, { maxLength: 12 }),
        fc.array(fc.boolean(), { maxLength: 2 }),
        async (calls, fails) => {
          const { log, open, close } = record(fails.filter(Boolean).map(() => new Error('no')))
          const settling: Promise<unknown>[] = []
          for (const what of calls) {
            if (what === 'turn') await setTimeout(1)
            else settling.push((what === 'open' ? open() : close()).catch(() => {}))
          }
          await Promise.all(settling)
          const text = log.join(' ')
          expect(text).toMatch(/^((opening failed|opening open closing closed) ?)*(opening open)?$/)
          for (let i = 0; i < calls.length; i++) await close()
          expect(log.at(-1) ?? 'closed').toMatch(/closed|failed/)
        },
      ),
      { numRuns: 100 },
    )
  })
})
