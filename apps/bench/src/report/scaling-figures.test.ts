import { expect, test } from 'vitest'
import type { CaseResult } from '../results.ts'
import { withFigures } from './scaling-figures.ts'

const page = `# A page

<!-- figures scale/partitions -->
old
<!-- /figures -->

between

<!-- figures machines -->
old
<!-- /figures -->
`
const machine = { processor: 'P', cores: 2, memoryGiB: 8, load: 0, system: 'linux', versions: {} }
const resultOf = (suite: string, one: string, name: string): CaseResult => ({
  suite,
  case: one,
  size: 'full',
  at: '',
  machine,
  contestants: [{ name, voided: [], wallMs: 1, rounds: [{ rate: 1000, cpuPerMillion: 6, peakBytes: 9e7 }] }],
})

test('replaces the figures by the recorded ones, each time it runs', () => {
  const results = [
    resultOf('scale', 'partitions', 'Topic over kafkats, 4 partitions'),
    resultOf('pipeline', 'json', 'Topic over kafkats'),
  ]
  const filled = withFigures(page, results)
  expect(filled).toContain('| Topic over kafkats, 4 partitions | 1,000 | 6.00 | 90 |')
  expect(filled).toContain('| 1M records/s | 10 | 1 |')
  expect(filled).toContain('| 100M records/s | 1,000 | 63 |')
  expect(filled).toContain('\nbetween\n')
  expect(filled).not.toContain('old')
  expect(withFigures(filled, results)).toBe(filled)
})

test('says that a figure is not measured if there is no result', () => {
  expect(withFigures(page, [])).toContain('Not measured yet: `npm run bench -- full scale/partitions --record`.')
  expect(withFigures(page, [])).toContain('Not measured yet: `npm run bench -- full pipeline/json --record`.')
})
