import { defineConfig } from 'vitest/config'

// Tests run from the sources of every package in the workspace: no build is needed first.
const conditions = ['@snapstream/source', 'node', 'import', 'module', 'default']

// `npm test` hands over the address of the broker it started under a name that is no input of nx's cache: the port is
// another each time, and says nothing about the result. KAFKA_BROKERS, set by a person, is an input.
const brokers = process.env['KAFKA_BROKERS'] || process.env['SNAPSTREAM_TEST_BROKERS']
const registry = process.env['SCHEMA_REGISTRY_URL'] || process.env['SNAPSTREAM_TEST_REGISTRY']

// What a test needs stands in its name: *.kafka.test.ts, *.python.registry.test.ts. `npm test` names those it leaves out;
// a run by hand fails where the client of another language is missing.
const missing = [
  ...(brokers ? [] : ['kafka']),
  ...(registry ? [] : ['registry']),
  ...(process.env['SNAPSTREAM_MISSING_CLIENTS'] ?? '').split(',').filter((client) => client !== ''),
]

// Counted by whoever started the run: nx, or tools/ci. A run by hand beside it leaves their results alone.
const results = process.env['SNAPSTREAM_TEST_RESULTS'] ?? (process.env['NX_TASK_TARGET_TARGET'] && 'test-results.json')

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['src/**/*.test.ts'],
    exclude: ['**/node_modules/**', ...missing.map((need) => `**/*.${need}.*`)],
    env: { ...(brokers ? { KAFKA_BROKERS: brokers } : {}), ...(registry ? { SCHEMA_REGISTRY_URL: registry } : {}) },
    testTimeout: 15_000,
    reporters: results ? ['default', 'json'] : ['default'],
    ...(results ? { outputFile: { json: results } } : {}),
  },
})
