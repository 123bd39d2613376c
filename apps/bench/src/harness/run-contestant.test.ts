import process from 'node:process'
import { describe, expect, test } from 'vitest'
import type { Trial } from '../suite.ts'
import { figuresOf, runContestant } from './run-contestant.ts'

const STAYS = `process.stdin.resume().on('end', () => process.exit());`
const SAYS = `${STAYS} console.log('hello'); console.log(JSON.stringify({ messages: 10, ms: 5, ...JSON.parse(process.argv[1]) }));`

const run = (program: string, input: object, trial: Trial = { input: {} }) =>
  runContestant({ command: [process.execPath, '-e', program], input, trial, timeoutMs: 10_000 })

describe('a run', () => {
  test('has its rate, and the usage of its process', async () => {
    const figures = await run(SAYS, { figures: { p99Ms: 3 } })
    expect(figures).toMatchObject({ rate: 2000, nsPerMessage: 500_000, p99Ms: 3 })
    expect(process.platform !== 'linux' || (figures['peakBytes'] ?? 0) > 10_000_000).toBe(true)
  })

  test('gets the input of the trial in addition to its own', async () => {
    expect(await run(SAYS, { messages: 1 }, { input: { ms: 1 } })).toMatchObject({ rate: 1000 })
  })

  test('has the outcome of the trial if the contestant reports none', async () => {
    const done = async () => ({ messages: 4, ms: 2 })
    const verify = async () => ({ messages: 4, ms: 4 })
    expect(await run(STAYS, {}, { input: {}, done, verify })).toMatchObject({ rate: 1000 })
  })
})

describe('a run is void', () => {
  test('if its output is wrong', async () => {
    const verify = () => Promise.reject(new Error('one is missing'))
    await expect(run(SAYS, {}, { input: {}, verify })).rejects.toThrow('one is missing')
  })

  test('if its process ends before it is done', async () => {
    await expect(run(`console.error('no broker'); process.exit(3)`, {})).rejects.toThrow(/ended.*no broker/s)
  })

  test('if it does not end in time', async () => {
    const command = [process.execPath, '-e', STAYS]
    const hanging = runContestant({ command, input: {}, trial: { input: {} }, timeoutMs: 100 })
    await expect(hanging).rejects.toThrow('not done after 0.1 s')
  })

  test('if it handled no message', () => {
    expect(() => figuresOf({ messages: 0, ms: 1 }, {})).toThrow('0 messages in 1 ms')
  })
})
