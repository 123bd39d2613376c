import type { Host } from '../host.ts'
import { createFakeState } from './fake-state.ts'
import type { FakeState, Placed } from './fake-state.ts'
import type { GroupLog, Message } from './group-log.ts'

/** The number of messages of the longest lane. */
const LONGEST = 8

/** Makes the state of a binding in one member, which is at least once. It has a part for each lane of its sources. */
export function createBindingState({
  host,
  openMs,
  keepMs,
  logs,
  member,
  durable,
  nameOf,
  violated,
}: {
  readonly host: Host
  readonly openMs: readonly number[]
  /** How long it takes to make writes durable. */
  readonly keepMs: number
  readonly logs: readonly GroupLog[]
  readonly member: number
  /** The names of the durable writes. */
  readonly durable: Set<string>
  nameOf(place: Placed): string
  violated(what: string): void
}): FakeState<Message> {
  return createFakeState<Message>(
    host,
    openMs,
    {
      laneOf: (source, lane) => ({ log: logs.findIndex((log) => log.source(member) === source), lane: Number(lane) }),
      committed: (lane) =>
        Array.from({ length: LONGEST }, (_, index) => index).filter((index) => durable.has(nameOf({ ...lane, index }))),
      send(message) {
        if (logs[message.log]?.wasLost(message)) violated(`${nameOf(message)} is released in a lost lane`)
      },
      async keep(messages) {
        if (messages.length > 0) await new Promise<void>((resolve) => host.setTimeout(resolve, keepMs))
        for (const message of messages) durable.add(nameOf(message))
      },
    },
    violated,
  )
}
