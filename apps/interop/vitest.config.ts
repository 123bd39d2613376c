import { mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.ts'

export default mergeConfig(shared, {
  test: {
    testTimeout: 60_000,
    // The first run installs Python's client and downloads that of Java.
    hookTimeout: 300_000,
    // Each file starts a client that has a heap of its own.
    fileParallelism: false,
  },
})
