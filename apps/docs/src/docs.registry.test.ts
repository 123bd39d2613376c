import { expect, test } from 'vitest'
import { testBlocks } from './test-blocks.ts'

const registry = process.env['SCHEMA_REGISTRY_URL']

test('a registry is given, so that no block looks for one elsewhere', () => expect(registry).toBeTruthy())

// Blocks under <!-- registry --> run against that registry, whose address takes the place of the one that is written.
testBlocks('registry', registry)
