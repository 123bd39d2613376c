import { defineConfig } from 'vitest/config'

// Tests run from the sources of every package in the workspace: no build is needed first.
const conditions = ['@snapstream/source', 'node', 'import', 'module', 'default']

// `npm test` hands over the address of the broker it started under a name that is no input of nx's cache: the port is
// another each time, and says nothing about the result. KAFKA_BROKERS, set by a person, is an input.
const brokers = process.env['KAFKA_BROKERS'] || process.env['SNAPSTREAM_TEST_BROKERS']

// Counted by whoever started the run: nx, or tools/ci. A run by hand beside it leaves their results alone.
const results = process.env['SNAPSTREAM_TEST_RESULTS'] ?? (process.env['NX_TASK_TARGET_TARGET'] && 'test-results.json')

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['src/**/*.test.ts'],
    // Integration tests, named *.kafka.test.ts, run where there is a broker. `npm test` names those it leaves out.
    exclude: ['**/node_modules/**', ...(brokers ? [] : ['**/*.kafka.test.*'])],
    env: brokers ? { KAFKA_BROKERS: brokers } : {},
    testTimeout: 15_000,
    reporters: results ? ['default', 'json'] : ['default'],
    ...(results ? { outputFile: { json: results } } : {}),
  },
})
