import { expect, test } from 'vitest'
import type { CaseResult, ContestantResult } from '../results.ts'
import type { Case } from '../suite.ts'
import { caseReport } from './case-report.ts'
import { chart } from './chart.ts'
import { resultsPage } from './results-page.ts'

const machine = { processor: 'P', cores: 2, memoryGiB: 8, load: 0.1, system: 'linux', versions: { Node: '20.1.0' } }
const contestant = (
  name: string,
  rates: readonly number[],
  more: Partial<ContestantResult> = {},
): ContestantResult => ({
  name,
  voided: [],
  wallMs: 1,
  rounds: rates.map((rate) => ({ rate, nsPerMessage: 1e9 / rate, peakBytes: 5e7 })),
  ...more,
})

const one: Case = {
  name: 'sync',
  about: 'Work',
  contestants: [],
  ratios: [
    { of: 'snapstream', to: 'loop', atLeast: 0.5 },
    { of: 'snapstream', to: 'rxjs', atLeast: 1, bound: '[a profile](profile.md)' },
    { of: 'snapstream', to: 'loop', figure: 'peakBytes', atMost: 1.5 },
    { of: 'snapstream', to: 'gone' },
    { of: 'snapstream', to: 'rxjs', isDifference: true, figure: 'nsPerMessage', atMost: 10 },
  ],
}
const result: CaseResult = {
  suite: 'core',
  case: 'sync',
  size: 'full',
  at: '2026-01-02T03:04:05.000Z',
  machine,
  contestants: [
    contestant('loop', [100, 130, 120]),
    contestant('snapstream', [90, 60], { voided: ['round 3: one is missing'], settings: 'as it comes' }),
    contestant('rxjs', [100]),
    contestant('gone', [], { absent: 'Java is not here' }),
  ],
}

test('shows medians with their spread, ratios with their goals, and void and absent contestants', () => {
  const report = caseReport(one, result)
  expect(report).toContain('| loop | 120 | 100 - 130 | 8,333,333.3 |  | 50 | 3 |')
  expect(report).toContain('snapstream / loop: 0.63, goal at least 0.5: met')
  expect(report).toContain('snapstream / rxjs: 0.75, goal at least 1: MISSED; the reason: [a profile](profile.md)')
  expect(report).toContain('snapstream (peak MB) / loop (peak MB): 1.00, goal at most 1.5: met')
  expect(report).toContain('snapstream (ns per message) - rxjs (ns per message): 3,888,888.9, goal at most 10: MISSED')
  expect(report).toContain('- snapstream: as it comes')
  expect(report).toContain('- ABSENT gone: Java is not here')
  expect(report).toContain('- VOID snapstream, round 3: one is missing')
  expect(report).not.toContain('snapstream / gone')
})

test('the chart has each measured contestant', () => {
  const svg = chart(one, result) ?? ''
  expect(svg).toMatch(/^<svg .*xmlns="http:\/\/www.w3.org\/2000\/svg"/)
  for (const text of ['loop', 'snapstream', 'rxjs', '120', 'messages/s']) expect(svg).toContain(text)
  expect(svg).not.toContain('gone')
  expect(chart(one, { ...result, contestants: [] })).toBeUndefined()
})

test('the page has every recorded case, with its chart and its machine', () => {
  const page = resultsPage([result])
  expect(page).toContain('## core: the engine alone')
  expect(page).toContain('![core sync](charts/core-sync.svg)')
  expect(page).toContain('P, 2 cores, 8 GiB, linux; Node 20.1.0; load 0.1 when it began. 2026-01-02.')
  expect(page).not.toContain('## consume')
})
