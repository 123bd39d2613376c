import type { Headers } from '@snapstream/core'
import { kafkajs } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'

export interface TestedDriver {
  readonly name: string
  readonly driver: Driver
  /** How headers come out that were written by it. */
  readonly headers: (given: Headers) => Headers
}

const asGiven = (headers: Headers) => headers

/** KafkaJS takes an object: the values of one name come together, and names that are whole numbers first. */
function byName(headers: Headers): Headers {
  const of: Record<string, (typeof headers)[number][]> = Object.create(null)
  for (const header of headers) (of[header[0]] ??= []).push(header)
  return Object.values(of).flat()
}

/** Every driver that talks to a broker. */
export const drivers: readonly TestedDriver[] = [tested(kafkajs(), byName)]

function tested(driver: Driver, headers: TestedDriver['headers'] = asGiven): TestedDriver {
  return { name: driver.name, driver, headers }
}
