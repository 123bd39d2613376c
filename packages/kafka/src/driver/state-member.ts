import type { GroupState, StateAssignment, StateDescription } from './group-state.ts'
import { partitionKey } from './topic-partition.ts'
import type { TopicPartition } from './topic-partition.ts'

/** The state of a member, as its subscription has it. */
export interface StateOfMember extends StateDescription {
  /**
   * How often the member has asked for a new assignment. A coordinator begins no rebalance for a member that joins with the
   * same subscription as before.
   */
  readonly rejoins: number
}

/** The calls of a membership about the state of its member. Without state they do nothing. */
export interface StateMember {
  /** What the member says when it joins. */
  describe(): StateOfMember | undefined
  /**
   * Tells the state of an assignment.
   *
   * @param partitions the partitions that the member owns from now on
   * @param assignment undefined if the leader does not know of state
   */
  assigned(partitions: readonly TopicPartition[], assignment: StateAssignment | undefined): void
  /** Tells the state that no owner is known any more. */
  lost(): void
  /** Asks for a new assignment, in time. */
  ask(): void
  /** Ends the wait of `ask`. */
  stop(): void
}

/** The pause before a rebalance: what catches up meanwhile moves in the same. */
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 300_000

/**
 * The pause before a rebalance that the member asks for doubles while the answer is the same assignment. A copy that is never
 * good enough for the leader, whatever the reason, does not keep the group busy.
 */
export function stateMember(options: {
  readonly state: GroupState | undefined
  /** Makes the member join again. */
  readonly rejoin: () => void
  /** Calls a function later, unless the function that it returns is called before. Default: by the clock of the platform. */
  readonly later?: (f: () => void, ms: number) => () => void
}): StateMember {
  const { state, rejoin, later = byClock } = options
  if (state === undefined) return { describe: () => undefined, assigned() {}, lost() {}, ask() {}, stop() {} }
  let pauseMs = FIRST_PAUSE_MS
  let cancel: (() => void) | undefined
  let rejoins = 0
  let described: StateOfMember | undefined
  /** The latest assignment, as text. */
  let latest: string | undefined
  let standby: readonly TopicPartition[] = []
  /** Whether the assignment that comes was asked for. */
  let isAsked = false

  const stop = () => {
    cancel?.()
    cancel = undefined
  }
  const ask = () => {
    cancel ??= later(() => {
      cancel = undefined
      isAsked = true
      rejoins = (rejoins + 1) % 2 ** 31
      rejoin()
    }, pauseMs)
  }

  return {
    describe() {
      // This join answers what was asked before it.
      stop()
      described = { ...state.describe(), rejoins }
      return described
    },
    assigned(partitions, assignment) {
      const { endpoint = '', standbys = new Map<string, number>() } = described ?? {}
      const owned = partitions.filter(({ topic }) => standbys.has(topic)).map(partitionKey)
      const owners = assignment?.owners ?? new Map(owned.map((key) => [key, { here: true, endpoint, standbys: [] }]))
      standby = assignment?.standby.filter(({ topic }) => standbys.has(topic)) ?? []
      const text = [...partitions, null, ...standby].map((at) => at && partitionKey(at)).join()
      if (text !== latest) pauseMs = FIRST_PAUSE_MS
      else if (isAsked) pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
      latest = text
      isAsked = false
      state.assigned({ owners, standby })
      // A static member that comes back is given the assignment of before, with its endpoint of before.
      if (owned.some((key) => (owners.get(key)?.endpoint ?? endpoint) !== endpoint)) ask()
      // It was asked while the member joined already.
      if (rejoins !== described?.rejoins) rejoin()
    },
    lost() {
      if (latest !== undefined) state.assigned({ owners: new Map(), standby })
    },
    ask,
    stop,
  }
}

function byClock(f: () => void, ms: number): () => void {
  const timer = setTimeout(f, ms)
  return () => clearTimeout(timer)
}
