import { expect, test } from 'vitest'
import { secondValues } from '../outputs.ts'
import { judgeSeveralOutputs } from './several-outputs.ts'

const inputs = [6, 7, 8].map((offset) => ({ partition: 0, offset, key: 'k', value: `${offset}` }))
const output = (value: string, offset: number) => ({ partition: 3, offset, key: 'k', value })
const first = ['0/6', '0/8'].map(output)
const second = ['0/6', '0/8'].flatMap(secondValues).map(output)
const letters = ['0/7']
const judge = (outputs: Partial<Parameters<typeof judgeSeveralOutputs>[1]>) =>
  judgeSeveralOutputs(inputs, { first, second, letters, ...outputs }, new Map([[0, 9]]))

test('each record has one output, two in the second topic, or one dead letter', () => {
  expect(judge({})).toMatchObject({ produced: 3, handled: 7, lost: [], duplicated: 0, outOfOrder: 0, strange: 0 })
})

test('an output that is missing in one topic is lost', () => {
  expect(judge({ second: second.slice(1) })).toMatchObject({ lost: ['0/6'], lostForGood: 1 })
  expect(judge({ letters: [] })).toMatchObject({ lost: ['0/7'], lostForGood: 1 })
})

test('outputs of a record that failed are strange', () => {
  expect(judge({ first: [...first, output('0/7', 9)] })).toMatchObject({ strange: 1 })
  expect(judge({ letters: [...letters, '0/8'] })).toMatchObject({ strange: 1 })
})

test('copies and the order count in each topic', () => {
  expect(judge({ second: [...second, output('0/8 a', 9)] })).toMatchObject({ duplicated: 1 })
  expect(judge({ letters: ['0/7', '0/7'] })).toMatchObject({ duplicated: 1 })
  expect(judge({ second: second.toReversed() })).toMatchObject({ outOfOrder: 2 })
})
