import type { Suite } from './suite.ts'
import { cache } from './suites/cache/cache.ts'
import { codecs } from './suites/codecs.ts'
import { core } from './suites/core.ts'
import { kafka } from './suites/kafka/kafka.ts'

export const suites: readonly Suite[] = [core, codecs, cache, kafka]
