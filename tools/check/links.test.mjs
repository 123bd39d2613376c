import { expect, test } from 'vitest'
import { brokenLinks } from './links.mjs'

test('links that lead to files, to addresses and to places in the document are right', () => {
  const markdown = '[a](../cache/README.md#x) [b](#here) [c](https://example.com) ![d](../../LICENSE)'
  expect(brokenLinks('packages/core/README.md', markdown)).toEqual([])
})

test('links that lead nowhere are named', () => {
  expect(brokenLinks('packages/core/README.md', '[a](../cash/README.md) [b](/docs/cli.md)')).toEqual([
    'packages/core/README.md: the link ../cash/README.md leads nowhere; write it relative to the document',
    'packages/core/README.md: the link /docs/cli.md leads nowhere; write it relative to the document',
  ])
})

test('code is no link', () => {
  expect(brokenLinks('README.md', '```ts\nlist[0](index)\n```\n')).toEqual([])
})
