import { expect, test } from 'vitest'
import { testBlocks } from './test-blocks.ts'

const registry = process.env['SCHEMA_REGISTRY_URL']

test('SCHEMA_REGISTRY_URL is set, so that no block connects to another registry', () => expect(registry).toBeTruthy())

// Blocks under <!-- registry --> run against that registry: its address replaces the one in the document.
testBlocks('registry', registry)
