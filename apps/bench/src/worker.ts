import process from 'node:process'
import { suites } from './suites.ts'

// One run of one contestant, in a process of its own: prints its messages per second.
const [suiteName, caseName, name, input = ''] = process.argv.slice(2)
const contestant = suites
  .find((suite) => suite.name === suiteName)
  ?.cases.find((one) => one.name === caseName)
  ?.contestants.find((one) => one.name === name)
if (contestant === undefined) throw new Error(`there is no ${suiteName} ${caseName} ${name}`)
console.log(await contestant.run(input))
