import { expect, test } from 'vitest'
import { transactionState } from './transaction-state.ts'

test('a producer goes from phase to phase, and keeps the error of a transaction that cannot go on', () => {
  const state = transactionState()
  expect(state.phase).toBe('uninitialized')
  state.to('ready')
  state.to('in transaction')
  const error = new Error('no')
  state.fail('abortable error', error)
  expect([state.phase, state.error]).toEqual(['abortable error', error])
  // The first error counts.
  state.fail('abortable error', new Error('another'))
  expect(state.error).toBe(error)
  state.to('aborting')
  expect(state.error).toBeUndefined()
  state.to('ready')
})

test('a phase that cannot come next is a defect', () => {
  const state = transactionState()
  expect(() => state.to('committing')).toThrow('uninitialized cannot become committing')
  state.to('ready')
  state.to('in transaction')
  state.to('committing')
  expect(() => state.to('aborting')).toThrow('committing cannot become aborting')
})
