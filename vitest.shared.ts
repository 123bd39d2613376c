import { defineConfig } from 'vitest/config'

// Tests run from the sources of every package in the workspace: no build is needed first. The others are the conditions of
// Node: packages have files for bundlers under the condition `module`, which Node cannot load.
const conditions = ['@snapstream/source', 'node', 'import', 'default']

// `npm test` passes the address of its own broker in SNAPSTREAM_TEST_BROKERS, which is no input of nx's cache: the port
// changes from run to run and does not change the result. KAFKA_BROKERS, set by a person, is an input.
const brokers = process.env['KAFKA_BROKERS'] || process.env['SNAPSTREAM_TEST_BROKERS']
const registry = process.env['SCHEMA_REGISTRY_URL'] || process.env['SNAPSTREAM_TEST_REGISTRY']

// The name of a test file has its needs in it: *.kafka.test.ts, *.python.registry.test.ts. SNAPSTREAM_LEAVE_OUT has those
// that `npm test` leaves out: clients of other languages that are missing, and `long`. A run by hand leaves out none of them.
const leftOut = [
  ...(brokers ? [] : ['kafka']),
  ...(registry ? [] : ['registry']),
  ...(process.env['SNAPSTREAM_LEAVE_OUT'] ?? '').split(',').filter((need) => need !== ''),
]

// For the program that started the run, nx or tools/ci, which counts the results. A run by hand writes none.
const results = process.env['SNAPSTREAM_TEST_RESULTS'] ?? (process.env['NX_TASK_TARGET_TARGET'] && 'test-results.json')

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['src/**/*.test.ts'],
    exclude: ['**/node_modules/**', ...leftOut.map((need) => `**/*.${need}.*`)],
    env: { ...(brokers ? { KAFKA_BROKERS: brokers } : {}), ...(registry ? { SCHEMA_REGISTRY_URL: registry } : {}) },
    testTimeout: 15_000,
    // The files of a project share one process, and load the sources once.
    isolate: false,
    // Of tests that may run side by side: they wait for most of their time.
    maxConcurrency: 20,
    reporters: results ? ['default', 'json'] : ['default'],
    ...(results ? { outputFile: { json: results } } : {}),
  },
})
