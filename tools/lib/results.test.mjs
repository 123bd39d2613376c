import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { parseScenarios, parseSummary, sumResults, summary } from './results.mjs'

const folders = []
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })))

const file = (...statuses) => ({
  name: 'x.test.ts',
  status: statuses.length === 0 || statuses.includes('failed') ? 'failed' : 'passed',
  message: '',
  assertionResults: statuses.map((status) => ({ status })),
})

function project(results) {
  const folder = mkdtempSync(join(tmpdir(), 'snapstream-results-'))
  folders.push(folder)
  const counts = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, success: true }
  if (results) writeFileSync(join(folder, 'test-results.json'), JSON.stringify({ ...counts, ...results }))
  return { name: 'x', folder }
}

test('adds up passed, failed and skipped tests', () => {
  const one = project({ numPassedTests: 3, numPendingTests: 1, testResults: [file('passed')] })
  const other = project({ numPassedTests: 1, numFailedTests: 2, success: false, testResults: [file('failed')] })
  expect(sumResults([one, other])).toMatchObject({ passed: 4, failed: 2, skipped: 1, problems: [] })
})

test('counts a file that does not load', () => {
  const broken = project({ numPassedTests: 3, success: false, testResults: [file('passed'), file()] })
  expect(sumResults([broken])).toMatchObject({ passed: 3, failed: 1 })
})

test('counts a project without results, without tests, or that failed outside of them', () => {
  expect(sumResults([project()])).toMatchObject({ failed: 1, problems: ['x: its tests did not run to the end'] })
  const empty = project({ success: false, testResults: [] })
  expect(sumResults([empty])).toMatchObject({ failed: 1, problems: ['x: has no tests'] })
  const outside = project({ numPassedTests: 1, success: false, testResults: [file('passed')] })
  expect(sumResults([outside])).toMatchObject({ passed: 1, failed: 1, problems: ['x: failed outside of its tests'] })
})

test('the summary is read back from its text', () => {
  const counts = { passed: 12, failed: 0, skipped: 3 }
  expect(summary({ passed: 1, failed: 2 })).toBe('tests: 1 passed, 2 failed')
  expect(parseSummary(`tests: 1 passed, 1 failed\n${summary(counts)}\n`)).toEqual(counts)
  expect(parseSummary('nothing')).toBeUndefined()
})

test('the summary of the scenarios is read', () => {
  expect(parseScenarios('case driver\nscenarios: 5 passed, 1 failed\n')).toEqual({ passed: 5, failed: 1 })
  expect(parseScenarios('scenarios: none')).toBeUndefined()
})
