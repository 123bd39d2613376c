import { mergeConfig } from 'vitest/config'
import shared from '../vitest.shared.ts'

// Tests of commands start them as processes: two at a time.
export default mergeConfig(shared, { test: { include: ['{api,check,lib}/**/*.test.mjs'], maxConcurrency: 2 } })
