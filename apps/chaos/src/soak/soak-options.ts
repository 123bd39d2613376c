import { parseCommand, wholeNumber } from '@snapstream/program'
import { SOAK_DRIVERS } from './soak-plan.ts'
import type { SoakDriver } from './soak-plan.ts'
import { ENOUGH_FOR_A_SLOPE, ERRORS, MOST_BYTES_PER_1000, MOST_GROWTH, MOST_GROWTH_OF_FEW } from './soak-verdict.ts'

const FULL: Readonly<Record<SoakDriver, number>> = { memory: 10_000_000, kafkajs: 3_000_000, kafkats: 3_000_000 }
const SHORT = 300_000

export const HELP = `Sends millions of messages through one process and measures its heap: npm run soak -- [options]

Options
  --driver NAME   ${SOAK_DRIVERS.join(', ')} (default all)
  --messages N    number of messages (default ${SOAK_DRIVERS.map((name) => `${name} ${FULL[name]}`).join(', ')})
  --short         ${SHORT} messages with memory
  --help          print this text

Measures the heap after each of 100 rounds, at rest, after a full garbage collection, without compiled code. The first
fifth is warm-up. The line through the rest may rise by ${MOST_BYTES_PER_1000} bytes per 1000 messages plus ${ERRORS} standard errors, and by ${MOST_GROWTH * 100} %
in all; below ${ENOUGH_FOR_A_SLOPE} messages, only by ${MOST_GROWTH_OF_FEW * 100} % in all. After the end of the stream no timer, socket or listener may
be left, and the process has to end by itself. Starts a broker with Java 17.`

export interface SoakOptions {
  readonly runs: readonly { readonly driver: SoakDriver; readonly messages: number }[]
}

/** Returns undefined if the command line asks for help. Throws for an unknown option or driver. */
export function parseSoakOptions(args: readonly string[]): SoakOptions | undefined {
  const command = parseCommand(args, { texts: ['driver', 'messages'], switches: ['short'] })
  if (command === undefined) return undefined
  const { values, positionals } = command
  if (positionals.length > 0) throw new Error(`unknown arguments: ${positionals.join(' ')}; see --help`)
  const drivers = SOAK_DRIVERS.filter((name) => (values.driver ?? (values.short ? 'memory' : name)) === name)
  if (drivers.length === 0) throw new Error(`--driver takes ${SOAK_DRIVERS.join(', ')}, got ${values.driver}`)
  const messages = wholeNumber('--messages', values.messages, undefined, 1000)
  return {
    runs: drivers.map((driver) => ({ driver, messages: messages ?? (values.short ? SHORT : FULL[driver]) })),
  }
}
