import { testMoves } from './fixtures/test-moves.ts'

testMoves(() => ({ brokers: process.env['KAFKA_BROKERS'] ?? 'localhost:29091' }))
