import { mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.ts'

// Every test runs a block in a process of its own.
export default mergeConfig(shared, { test: { testTimeout: 60_000, maxConcurrency: 2 } })
