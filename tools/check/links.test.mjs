import { expect, test } from 'vitest'
import { brokenLinks } from './links.mjs'

test('links to existing files, to addresses and to places in the document are accepted', () => {
  const markdown = '[a](../cache/README.md#x) [b](#here) [c](https://example.com) ![d](../../LICENSE)'
  expect(brokenLinks('packages/core/README.md', markdown)).toEqual([])
})

test('broken links are named', () => {
  expect(brokenLinks('packages/core/README.md', '[a](../cash/README.md) [b](/docs/cli.md)')).toEqual([
    'packages/core/README.md: the link ../cash/README.md leads nowhere; write it relative to the document',
    'packages/core/README.md: the link /docs/cli.md leads nowhere; write it relative to the document',
  ])
})

test('a link in code is ignored', () => {
  expect(brokenLinks('README.md', '```ts\nlist[0](index)\n```\n')).toEqual([])
})
