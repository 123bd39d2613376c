import { describe, test } from 'vitest'
import { settingsConformance } from '../conformance/settings-conformance.ts'
import { kafkajs } from '../kafkajs/index.ts'
import { memory } from '../memory/index.ts'

for (const driver of [kafkajs(), memory()]) settingsConformance({ test, describe }, driver)
