import type { Suite } from './suite.ts'
import { core } from './suites/core/core.ts'
import { consume } from './suites/kafka/consume.ts'
import { latency } from './suites/kafka/latency.ts'
import { memory } from './suites/kafka/memory.ts'
import { pipeline } from './suites/kafka/pipeline.ts'
import { produce } from './suites/kafka/produce.ts'
import { stateful } from './suites/kafka/stateful.ts'
import { scale } from './suites/scale/scale.ts'

export const suites: readonly Suite[] = [core, consume, produce, pipeline, stateful, memory, latency, scale]
