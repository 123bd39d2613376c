import { expect, test } from 'vitest'
import { circlesOf } from './circles.mjs'

test('folders that import each other through a third one are a circle, shown with the files of each step', () => {
  expect(
    circlesOf([
      ['src/a/one.ts', 'src/b/two.ts'],
      ['src/a/one.ts', 'src/a/four.ts'],
      ['src/b/three.ts', 'src/c/five.ts'],
      ['src/c/six.ts', 'src/a/four.ts'],
      ['src/d/seven.ts', 'src/a/one.ts'],
    ]),
  ).toEqual([
    [
      'src/a -> src/b -> src/c -> src/a',
      'src/a/one.ts imports src/b/two.ts',
      'src/b/three.ts imports src/c/five.ts',
      'src/c/six.ts imports src/a/four.ts',
    ],
  ])
})

test('folders that import in one direction are not a circle', () => {
  expect(
    circlesOf([
      ['src/a/one.ts', 'src/b/two.ts'],
      ['src/a/one.ts', 'src/c/three.ts'],
      ['src/b/two.ts', 'src/c/three.ts'],
    ]),
  ).toEqual([])
})

test('a file beside folders may be imported by them or import them, but not both', () => {
  const joins = ['src/index.ts', 'src/a/one.ts']
  const shares = ['src/a/one.ts', 'src/errors.ts']
  expect(circlesOf([joins, shares])).toEqual([])
  expect(circlesOf([joins, shares, ['src/errors.ts', 'src/index.ts']])).toEqual([
    [
      'src/a -> src/errors.ts -> src/index.ts -> src/a',
      'src/a/one.ts imports src/errors.ts',
      'src/errors.ts imports src/index.ts',
      'src/index.ts imports src/a/one.ts',
    ],
  ])
})
