import { memory } from '@snapstream/kafka/memory'
import { testMoves } from './fixtures/test-moves.ts'

testMoves(() => ({ driver: memory() }))
