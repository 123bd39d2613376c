import type { Suite } from './suite.ts'

/** In the order of the report. The process of a contestant loads only its own suite. */
export const suiteLoaders: Readonly<Record<string, () => Promise<Suite>>> = {
  core: async () => (await import('./suites/core/core.ts')).core,
  codecs: async () => (await import('./suites/codecs.ts')).codecs,
  cache: async () => (await import('./suites/cache/cache.ts')).cache,
  consume: async () => (await import('./suites/kafka/consume.ts')).consume,
  produce: async () => (await import('./suites/kafka/produce.ts')).produce,
  pipeline: async () => (await import('./suites/kafka/pipeline.ts')).pipeline,
  'exactly-once': async () => (await import('./suites/kafka/exactly-once.ts')).exactlyOnce,
  stateful: async () => (await import('./suites/kafka/stateful.ts')).stateful,
  windowed: async () => (await import('./suites/time/windowed.ts')).windowed,
  join: async () => (await import('./suites/time/join.ts')).join,
  restore: async () => (await import('./suites/restore/restore.ts')).restore,
  memory: async () => (await import('./suites/kafka/memory.ts')).memory,
  latency: async () => (await import('./suites/kafka/latency.ts')).latency,
  scale: async () => (await import('./suites/scale/scale.ts')).scale,
}
