import { expect, test } from 'vitest'
import { metadataOf } from './metadata.mjs'

test('the metadata of a package comes from the address of the repository', () => {
  const repository = { type: 'git', url: 'git+https://example.com/somebody/project.git' }
  expect(metadataOf('packages/core', repository)).toEqual({
    homepage: 'https://example.com/somebody/project/tree/main/packages/core#readme',
    bugs: 'https://example.com/somebody/project/issues',
    repository: { ...repository, directory: 'packages/core' },
  })
})
