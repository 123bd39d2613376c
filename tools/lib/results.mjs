import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from '../services/root.mjs'

const fileOf = ({ folder }) => join(folder, 'test-results.json')

/** Removes the results of earlier runs, so that they are not counted. Nx restores the results of cached tasks. */
export function removeResults(projects) {
  for (const project of projects) rmSync(fileOf(project), { force: true })
}

/** The counts of all projects. A file that does not load, and a project without results, count as one failed test. */
export function sumResults(projects) {
  const sum = { passed: 0, failed: 0, skipped: 0, problems: [] }
  for (const project of projects) {
    if (!existsSync(fileOf(project))) {
      sum.failed += 1
      sum.problems.push(`${project.name}: its tests did not run to the end`)
      continue
    }
    const results = readJson(fileOf(project))
    sum.passed += results.numPassedTests
    sum.skipped += results.numPendingTests + results.numTodoTests
    sum.failed += results.numFailedTests
    const broken = results.testResults.filter(({ status, assertionResults }) => isBroken(status, assertionResults))
    sum.failed += broken.length
    for (const { name, message } of broken) sum.problems.push(`${name}: ${message || 'failed outside of its tests'}`)
    if (!results.success && results.numFailedTests + broken.length === 0) {
      sum.failed += 1
      const none = results.testResults.length === 0
      sum.problems.push(`${project.name}: ${none ? 'has no tests' : 'failed outside of its tests'}`)
    }
  }
  return sum
}

const isBroken = (status, assertions) => status === 'failed' && !assertions.some((test) => test.status === 'failed')

/** The last line of every run. */
export function summary({ passed, failed, skipped = 0 }) {
  return `tests: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/** Reads the counts in the last summary of an output; undefined if it has no summary. */
export function parseSummary(output) {
  const found = [...output.matchAll(/^tests: (\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)].at(-1)
  if (!found) return undefined
  const [, passed, failed, skipped = 0] = found
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) }
}

/** Reads the counts in the summary of `npm run chaos`; undefined if the output has none. */
export function parseScenarios(output) {
  const [, passed, failed] = /^scenarios: (\d+) passed, (\d+) failed$/m.exec(output) ?? []
  return passed === undefined ? undefined : { passed: Number(passed), failed: Number(failed) }
}
