import type { Result } from './verdict.ts'

/** One line per case and driver: the figures over all of its runs. */
export function summaryLines(results: readonly Result[]): readonly string[] {
  return [...byCase(results)].map(([name, group]) => `${name}: ${summaryOf(group)}`)
}

/** The results by name of the case and driver, in order. */
export function byCase(results: readonly Result[]): ReadonlyMap<string, readonly Result[]> {
  const groups = new Map<string, Result[]>()
  for (const result of results) {
    const name = `${result.case} ${result.driver}`
    const group = groups.get(name)
    if (group) group.push(result)
    else groups.set(name, [result])
  }
  return groups
}

function summaryOf(results: readonly Result[]): string {
  const all = (of: (result: Result) => number) => results.map(of)
  const seconds = (of: (result: Result) => number) => `${(Math.max(...all(of)) / 1000).toFixed(1)} s`
  const duplicated = all((result) => result.duplicated)
  const broken = results.filter((result) => result.broken.length > 0).length
  return [
    `${results.length} runs`,
    `${broken} broken`,
    `lost ${all(({ lost }) => lost).reduce((sum, lost) => sum + lost, 0)}`,
    `duplicated ${Math.min(...duplicated)}-${Math.max(...duplicated)}`,
    `longest stall ${seconds(({ longestStallMs }) => longestStallMs)}`,
    `of its own ${seconds(({ ownStallMs }) => ownStallMs)}`,
    `recovery ${seconds(({ recoveryMs }) => recoveryMs)}`,
  ].join(', ')
}
