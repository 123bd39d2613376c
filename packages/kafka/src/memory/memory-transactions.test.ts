import { SnapstreamError } from '@snapstream/core'
import { createVirtualHost } from '@snapstream/core/testing'
import { describe, expect, test } from 'vitest'
import { transactionCoordinator } from './memory-transactions.ts'
import type { Transaction } from './transaction.ts'

function participant() {
  const ended: string[] = []
  return { ended, end: ({ outcome }: Transaction) => void ended.push(outcome) }
}

const codeOf = (call: () => unknown) => {
  try {
    call()
  } catch (error) {
    return SnapstreamError.is(error) ? error.code : error
  }
  return undefined
}

describe('the transaction coordinator', () => {
  test('begins a transaction at the first join, and ends it for all participants', () => {
    const host = createVirtualHost()
    const session = transactionCoordinator(host).init('a', 1000)
    const [log, group] = [participant(), participant()]
    session.commit()
    expect([log.ended, host.timers]).toEqual([[], 0])
    const first = session.join(log)
    expect(session.join(group)).toBe(first)
    expect(session.join(log)).toBe(first)
    session.commit()
    expect([log.ended, group.ended, first.outcome, host.timers]).toEqual([['committed'], ['committed'], 'committed', 0])
    expect(session.join(log)).not.toBe(first)
    session.abort()
    expect([log.ended, group.ended, host.timers]).toEqual([['committed', 'aborted'], ['committed'], 0])
  })

  test('aborts a transaction at its time-out, and refuses more of it until abort', async () => {
    const host = createVirtualHost()
    const session = transactionCoordinator(host).init('a', 1000)
    const log = participant()
    await host.advance(5000)
    session.join(log)
    await host.advance(999)
    expect(log.ended).toEqual([])
    await host.advance(1)
    expect(log.ended).toEqual(['aborted'])
    for (const call of [() => session.join(log), session.commit]) expect(codeOf(call)).toBe('TRANSACTION_ABORTED')
    session.abort()
    session.join(log)
    session.commit()
    expect([log.ended, host.timers]).toEqual([['aborted', 'committed'], 0])
  })

  test('fences the session of an id, and no other', () => {
    const host = createVirtualHost()
    const coordinator = transactionCoordinator(host)
    const [log, other] = [participant(), participant()]
    const sessions = [coordinator.init('a', 1000), coordinator.init('b', 1000)] as const
    sessions[0].join(log)
    sessions[1].join(other)
    const next = coordinator.init('a', 1000)
    expect([log.ended, other.ended, host.timers]).toEqual([['aborted'], [], 1])
    expect([sessions[0].isFenced, sessions[1].isFenced, next.isFenced]).toEqual([true, false, false])
    expect(codeOf(sessions[0].commit)).toBe('FENCED')
    sessions[0].abort()
    expect(codeOf(() => sessions[0].join(log))).toBe('FENCED')
    next.join(log)
    coordinator.fence('a')
    coordinator.fence('unknown')
    expect([log.ended, codeOf(next.commit)]).toEqual([['aborted', 'aborted'], 'FENCED'])
  })

  test('a session that is fenced between two transactions learns of it at the next', () => {
    const coordinator = transactionCoordinator(createVirtualHost())
    const session = coordinator.init('a', 1000)
    coordinator.fence('a')
    session.commit()
    expect(codeOf(() => session.join(participant()))).toBe('FENCED')
  })

  test.each([0, -1, NaN, 900_001])('refuses a time-out of %s ms', (timeoutMs) => {
    expect(codeOf(() => transactionCoordinator(createVirtualHost()).init('a', timeoutMs))).toBe('USAGE')
  })
})
