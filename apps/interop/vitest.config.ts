import { mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.ts'

// Said by `npm test`, which names what it leaves out. A run by hand fails where a client is missing.
const missing = (process.env['SNAPSTREAM_MISSING_CLIENTS'] ?? '').split(',').filter((client) => client !== '')

export default mergeConfig(shared, {
  test: {
    exclude: missing.map((client) => `**/*.${client}.kafka.test.ts`),
    testTimeout: 60_000,
    // The first run installs Python's client and downloads that of Java.
    hookTimeout: 300_000,
    // Each file starts a client that has a heap of its own.
    fileParallelism: false,
  },
})
