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

Made by \`npm run bench -- full --record\` from [results.json](results.json), which has every round. To repeat them, take
an idle machine with Node, Java 17, Maven, Python 3.9 and Go, and run the same command; the name of a suite or a case
behind it limits the run to that. \`npm run bench\` runs all cases in under 5 minutes, with fewer messages and one round.

- Contestants run in turn, A B C A B C, each time in a new process. Figures are medians of the rounds; "min - max" is of
  the first figure. A ratio is the ratio of two medians.
- A run is void unless it reads every record, and writes each output exactly once with the right content. Contestants that
  could not run are listed as ABSENT.
- All contestants use the same broker on the same machine and the same topics. They wait for the acknowledgement of all
  replicas (\`acks\` all), commit offsets every second (in transactions: every 100 ms), and do not compress. Topic writes
  with idempotence, which is its default. The linger is at most 5 ms where it can be set. Beyond that, each contestant has the settings that its
  documentation recommends for throughput; they are listed below the table.
- Where a topic is written to, the time is measured by the broker: from the first record that it appended to the last.
  Starting the process and joining the group before that do not count; warming up does.
- CPU is the time of the whole process, including its start, per million messages. Peak is the largest resident memory
  (VmHWM), summed over all processes of the contestant.
- Slow contestants get fewer messages, so that they finish. Their rates are computed from these.
`

function foot({ at, machine }: CaseResult): string {
  return `${machineLine(machine)} ${at.slice(0, 10)}.\n`
}

function machineLine({ processor, cores, memoryGiB, load, system, versions }: Machine): string {
  const { Node, Java, Python, Go, Kafka } = versions
  const all = Object.entries({ Node, Java, Python, Go, Kafka }).flatMap(([name, version]) =>
    version ? [`${name} ${version}`] : [],
  )
  return `${processor}, ${cores} cores, ${memoryGiB} GiB, ${system}; ${all.join(', ')}; load ${load} when it began.`
}
