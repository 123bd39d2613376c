import { defineConfig } from 'vitest/config'

// Tests run from the sources of every package in the workspace: no build is needed first.
const conditions = ['@snapstream/source', 'node', 'import', 'module', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['src/**/*.test.ts'],
    testTimeout: 15_000,
    reporters: ['default', 'json'],
    outputFile: { json: 'test-results.json' },
  },
})
