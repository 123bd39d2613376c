import type { CaseResult, Machine } from '../results.ts'
import { suites } from '../suites.ts'
import { caseReport } from './case-report.ts'

/** All recorded results as Markdown, in the order of the suites. */
export function resultsPage(results: readonly CaseResult[]): string {
  const sections = suites.flatMap((suite) => {
    const cases = suite.cases.flatMap((one) => {
      const result = results.find((found) => found.suite === suite.name && found.case === one.name)
      return result === undefined ? [] : [caseReport(one, result, 'charts'), foot(result)]
    })
    return cases.length === 0 ? [] : [`## ${suite.name}: ${suite.about}`, '', ...cases]
  })
  return [HEAD, ...sections].join('\n')
}

const HEAD = `# Benchmarks

Made by \`npm run bench -- full --record\` from [results.json](results.json), which has every round. To repeat them: a machine with
nothing else to do, Node, Java 17, Maven and Python 3.9; then the same command, or with the name of a suite or a case
behind it. \`npm run bench\` shows all of it in under 5 minutes, with fewer messages and one round.

- Contestants run in turn, A B C A B C, each time in a fresh process. A ratio is one of medians.
- A run whose outputs are not all there, once each and with the right content, is void, and so is what reads too much or too
  little. What is not here is named as ABSENT.
- All have the same broker on the same machine, the same topics, \`acks\` from all, offsets committed each second, no compression; Topic writes with idempotence, as it does by default. What
  waits for more to send waits 5 ms at most, if it can be told so. Beyond that each has the settings that its documentation
  has for throughput; they stand below the table.
- Where a topic is written to, the time is that of the broker: from the first record it appended to the last. What a process does
  before that, such as to start and join its group, does not count; that it has to warm up does.
- CPU is that of the whole process, its start included, for a million messages; peak is the most memory it held (VmHWM), of all
  its processes together.
- Slow contestants get fewer messages, so that they end; rates are of what they got.
`

function foot({ at, machine }: CaseResult): string {
  return `${machineLine(machine)} ${at.slice(0, 10)}.\n`
}

function machineLine({ processor, cores, memoryGiB, load, system, versions }: Machine): string {
  const { Node, Java, Python, Kafka } = versions
  const all = Object.entries({ Node, Java, Python, Kafka }).flatMap(([name, version]) =>
    version ? [`${name} ${version}`] : [],
  )
  return `${processor}, ${cores} cores, ${memoryGiB} GiB, ${system}; ${all.join(', ')}; load ${load} when it began.`
}
