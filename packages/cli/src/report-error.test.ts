import { SnapstreamError } from '@snapstream/core'
import { expect, onTestFinished, test, vi } from 'vitest'
import { EXIT } from './exit-code.ts'
import type { Io } from './io.ts'
import { reportError } from './report-error.ts'

function report(thrown: unknown, env: Io['env'] = {}) {
  let text = ''
  const exit = reportError(thrown, { env, stderr: { write: (more) => (text += more) } })
  return { exit, text }
}

const hostile = (): unknown => {
  const refuse = () => {
    throw new Error('do not look at me')
  }
  return new Proxy(new Error('hidden'), { get: refuse, has: refuse, getPrototypeOf: refuse })
}

test('an error whose properties throw is reported, and so is its cause', () => {
  const text = 'snapstream: a value that throws was thrown\n'
  expect(report(hostile())).toEqual({ exit: EXIT.failure, text })
  expect(report(hostile(), { DEBUG: '1' }).text).toContain(text)
  const outer = new SnapstreamError('KAFKA_FAILED', 'it failed', { cause: hostile() })
  const { exit, text: debugged } = report(outer, { DEBUG: '1' })
  expect(exit).toBe(EXIT.failure)
  expect(debugged).toMatch(/^snapstream: it failed \(KAFKA_FAILED\)\n/)
  expect(debugged).toMatch(/\ncaused by Error: a value that throws was thrown\n/)
})

test('errors that cause each other are reported once each, and so is a cause that is not an error', () => {
  const [one, other] = [new Error('one'), new Error('other')]
  one.cause = other
  other.cause = one
  expect(report(one, { DEBUG: '1' }).text.match(/caused by/g)).toHaveLength(1)
  expect(report(new Error('one', { cause: 'the moon' }), { DEBUG: '1' }).text).toContain(
    'caused by Error: "the moon" was thrown',
  )
})

test('a command that throws such an error ends with the exit code of a failure', async () => {
  // Another test of this process may have loaded the program.
  vi.resetModules()
  vi.doMock('./program.ts', () => ({
    program() {
      throw hostile()
    },
  }))
  onTestFinished(() => {
    vi.doUnmock('./program.ts')
    vi.resetModules()
  })
  const { runCommandLine } = await import('./run-command-line.ts')
  let text = ''
  const io = { env: {}, stderr: { write: (more: string) => (text += more) } } as unknown as Io
  expect(await runCommandLine(['topics'], io)).toBe(EXIT.failure)
  expect(text).toBe('snapstream: a value that throws was thrown\n')
})
