import { expect, test } from 'vitest'
import { backendError } from './backend-error.ts'

test('has the message of the backend, however deep its errors are nested', () => {
  const said = Object.assign(new Error('the disk is full'), { code: 'LEVEL_IO_ERROR' })
  const wrapped = new Error('outer', { cause: new Error('middle', { cause: said }) })
  expect(backendError(wrapped, 'Cache(db)', 'writing')).toMatchObject({
    code: 'CACHE_FAILED',
    message: 'Cache(db): writing failed: the disk is full',
  })
  const damaged = new Error('outer', { cause: Object.assign(new Error('bad block'), { code: 'LEVEL_CORRUPTION' }) })
  expect(backendError(damaged, 'Cache(db)', 'reading')).toMatchObject({ code: 'CACHE_CORRUPT', cause: damaged })
})

test('survives errors that cause each other, and errors whose properties throw', () => {
  const [one, other] = [new Error('one'), new Error('other')]
  one.cause = other
  other.cause = one
  expect(backendError(one, 'Cache(db)', 'reading').message).toBe('Cache(db): reading failed: other')
  const refuse = () => {
    throw new Error('do not look at me')
  }
  const cause = new Proxy(new Error('hidden'), { get: refuse, getPrototypeOf: refuse })
  expect(backendError(new Error('outer', { cause }), 'Cache(db)', 'reading').message).toBe(
    'Cache(db): reading failed: a value that throws was thrown',
  )
})
