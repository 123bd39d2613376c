import { SnapstreamError } from '@snapstream/core'
import { expect, test } from 'vitest'
import { rarely } from './rarely.ts'

test('the first error of each code is passed on at once, then one every ten seconds', () => {
  let now = 0
  const told: string[] = []
  const tell = rarely(
    (error) => told.push(error.message),
    () => now,
  )
  const fail = (code: 'BROKER_UNREACHABLE' | 'KAFKA_FAILED') => tell(new SnapstreamError(code, `${code} at ${now}`))
  for (now = 0; now <= 21_000; now += 1000) fail('BROKER_UNREACHABLE')
  now = 500
  fail('KAFKA_FAILED')
  tell(new TypeError('other'))
  expect(told).toEqual([
    'BROKER_UNREACHABLE at 0',
    'BROKER_UNREACHABLE at 10000',
    'BROKER_UNREACHABLE at 20000',
    'KAFKA_FAILED at 500',
    'other',
  ])
})
