import type { Suite } from './suite.ts'
import { suiteLoaders } from './suite-loaders.ts'

export const suites: readonly Suite[] = await Promise.all(Object.values(suiteLoaders).map((load) => load()))
