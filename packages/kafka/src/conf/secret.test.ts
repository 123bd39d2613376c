import { inspect, isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { isSecret, reveal, secret, withSecrets } from './secret.ts'

const ways: Record<string, (value: unknown) => string> = {
  inspect: (value) => inspect(value, { depth: Infinity, showHidden: true }),
  'inspect with getters': (value) => inspect(value, { depth: Infinity, showHidden: true, getters: true }),
  'inspect without custom': (value) => inspect(value, { depth: Infinity, showHidden: true, customInspect: false }),
  JSON: (value) => JSON.stringify({ value }),
  string: String,
}

describe.each(Object.entries(ways))('by %s', (_, show) => {
  test('a secret is not shown', () => {
    expect(show(secret('sesame'))).not.toContain('sesame')
    expect(show({ deep: [new Map([['a', secret('sesame')]])] })).not.toContain('sesame')
  })
})

describe.each(Object.entries(ways))('by %s', (_, show) => {
  test('an object with secrets shows its other fields', () => {
    const settings = withSecrets({ username: 'alice' }, { password: secret('sesame') })
    expect(show({ settings })).not.toContain('sesame')
  })
})

test('an object has its secrets by name, and copies keep them', () => {
  const settings = withSecrets({ username: 'alice' }, { password: secret('sesame'), none: undefined })
  expect(settings.password).toBe('sesame')
  expect({ ...settings }).toEqual({ username: 'alice', password: 'sesame' })
  expect(inspect(settings)).toBe("{ username: 'alice', password: '[secret]' }")
  expect(JSON.stringify(settings)).toBe('{"username":"alice","password":"[secret]"}')
})

test('objects with different secrets are not equal', () => {
  const make = (password: string) => withSecrets({ username: 'alice' }, { password: secret(password) })
  expect(isDeepStrictEqual(make('sesame'), make('sesame'))).toBe(true)
  expect(isDeepStrictEqual(make('sesame'), make('simsim'))).toBe(false)
})

test('reveal() returns the secret', () => {
  expect(reveal(secret('sesame'))).toBe('sesame')
  expect([isSecret(secret('')), isSecret('sesame'), isSecret(null), isSecret(undefined)]).toEqual([
    true,
    false,
    false,
    false,
  ])
})
