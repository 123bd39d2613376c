import { expect, test } from 'vitest'
import { linksOf, metadataOf } from './metadata.mjs'

test('the metadata of a package comes from the address of the repository', () => {
  const repository = { type: 'git', url: 'git+https://example.com/somebody/project.git' }
  expect(metadataOf('packages/core', repository)).toEqual({
    homepage: 'https://example.com/somebody/project/tree/main/packages/core#readme',
    bugs: 'https://example.com/somebody/project/issues',
    repository: { ...repository, directory: 'packages/core' },
  })
})

test('only relative links and those from a root are looked at', () => {
  const markdown = '[a](../cache/README.md#x) [b](#here) [c](https://example.com) [d](/docs/d.md) ![e](chart.svg)'
  expect(linksOf(markdown)).toEqual(['../cache/README.md#x', '/docs/d.md', 'chart.svg'])
})
