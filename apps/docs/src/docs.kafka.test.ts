import { expect, test } from 'vitest'
import { testBlocks } from './test-blocks.ts'

const brokers = process.env['KAFKA_BROKERS']

test('KAFKA_BROKERS is set, so that no block connects to localhost:29091', () => expect(brokers).toBeTruthy())

// Blocks under <!-- kafka --> run against that broker: its address replaces localhost:29091.
testBlocks('kafka', brokers)
