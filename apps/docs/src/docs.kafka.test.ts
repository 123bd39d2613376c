import { expect, test } from 'vitest'
import { testBlocks } from './test-blocks.ts'

const brokers = process.env['KAFKA_BROKERS']

test('a broker is given, so that no block looks for one at localhost:29091', () => expect(brokers).toBeTruthy())

// Blocks under <!-- kafka --> run against that broker, whose address takes the place of localhost:29091 in them.
testBlocks('kafka', brokers)
