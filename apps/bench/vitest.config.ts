import { mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.ts'

// Its tests measure the memory and the processor time of their own process.
export default mergeConfig(shared, { test: { isolate: true } })
