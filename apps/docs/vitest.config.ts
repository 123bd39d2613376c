import { mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.ts'

// Every test compiles a block and runs it in a process of its own.
export default mergeConfig(shared, { test: { testTimeout: 60_000, maxConcurrency: 2 } })
