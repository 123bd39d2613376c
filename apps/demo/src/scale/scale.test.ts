import { expect, test } from 'vitest'
import { builtDemo } from '../fixtures/built-demo.ts'
import { scaleProblems } from './fixtures/scale-problems.ts'

const demo = builtDemo()

test('moves counts between workers, and compares them with the input', { timeout: 120_000 }, async () => {
  const { stdout, stderr } = await demo('scale')
  expect(scaleProblems(stdout)).toEqual([])
  expect(stdout).toContain('Apps in one process')
  expect(stderr).toBe('')
})

test('output with a missing order, a wrong share of partitions or no restore is a problem', () => {
  const output = (counted: string, owners: string, restored: string) =>
    [
      ' 0.4 s   4 5 10 11     6 7 8 9       0 1 2 3       -             a, b and c started',
      ` 3.0 s   ${owners}     3 4 5         6 7 8         9 10 11       d joined; 9 10 11 moved, 5 counts restored`,
      ` 4.7 s   0 1 2 3       -             4 5 6 7       8 9 10 11     b was killed; 3 4 5 moved, ${restored} counts restored`,
      `input    1,000 orders\ncounted  ${counted} orders\noutput   1,000 counts`,
    ].join('\n')
  const problems = (...given: Parameters<typeof output>) =>
    scaleProblems(output(...given)).map((problem) => problem.split(',')[0])
  expect(problems('1,000', '0 1 2', '7')).toEqual([])
  expect(problems('999', '0 1 2', '7')).toEqual(['equal is false'])
  expect(problems('1,000', '0 1', '7')).toHaveLength(1)
  expect(problems('1,000', '0 1 2', '0')).toEqual(['restored is false'])
})
