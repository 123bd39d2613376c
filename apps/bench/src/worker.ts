import process from 'node:process'
import { suiteLoaders } from './suite-loaders.ts'

// One run of one contestant, in a process of its own. It prints its outcome, and ends when its stdin ends, so that the
// harness can read its usage first.
const [suiteName = '', caseName, name, input = '{}'] = process.argv.slice(2)
const suite = await suiteLoaders[suiteName]?.()
const contestant = suite?.cases.find((one) => one.name === caseName)?.contestants.find((one) => one.name === name)
if (contestant === undefined || !('run' in contestant)) throw new Error(`there is no ${suiteName}/${caseName} ${name}`)
process.stdin.resume().once('end', () => process.exit())
const outcome = await contestant.run(JSON.parse(input) as never)
if (outcome !== undefined) {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const own =
    process.platform === 'linux' ? {} : { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakBytes: maxRSS * 1024 }
  const { messages, ms, ...rest } = outcome
  console.log(JSON.stringify({ messages, ms, ...rest, figures: { ...rest.figures, ...own } }))
}
