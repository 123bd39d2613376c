import { kafkaStreamsRivals } from './kafka-streams-rival.ts'
import { kafkajsRival } from './kafkajs-rival.ts'
import { kafkatsFlowRivals } from './kafkats-flow-rival.ts'
import { pythonRivals } from './python-rivals.ts'
import type { Rival } from './rival.ts'
import { snapstreamRivals } from './snapstream-rivals.ts'

export const rivals: readonly Rival[] = [
  ...snapstreamRivals,
  kafkajsRival,
  ...kafkaStreamsRivals,
  ...kafkatsFlowRivals,
  ...pythonRivals,
]
