import { settingsConformance } from '@snapstream/kafka/conformance'
import { describe, test } from 'vitest'
import { kafkats } from './kafkats.ts'

settingsConformance({ test, describe }, kafkats())
