import type { GroupGeneration } from '../protocol/connection.ts'

/** The phases of a member, in Kafka's words. */
export type Phase =
  /** Not a member: not yet, or not any more. It owns nothing. */
  | 'unjoined'
  /** Waits until all members of the group have joined. It keeps its partitions, and goes on committing. */
  | 'preparing-rebalance'
  /** A generation has begun, and the member does not know its assignment yet: commits outside of transactions wait. */
  | 'completing-rebalance'
  /** Knows its assignment: hands over the partitions that other members get, takes its new ones, and reads. */
  | 'stable'
  /** Leaves, or has left: nothing changes any more. */
  | 'leaving'

/** The state of a member. Only `transition` in `membership.ts` writes it. */
export interface MemberState {
  phase: Phase
  /** Empty until the coordinator has given one. The member joins again with it, unless the coordinator does not know it. */
  memberId: string
  /** The latest generation that has begun; undefined before the first, and once the membership is lost. */
  generation: GroupGeneration | undefined
  /** The members of `generation` keep their partitions until they have handed them over, whatever it assigns to others. */
  isCooperative: boolean
  /** The assignment of `generation` is known. */
  isAssigned: boolean
  /** The group asks its members to join again. */
  isRejoinNeeded: boolean
  /** Stops the heartbeats; undefined while none are sent. */
  heart: AbortController | undefined
  /** Ends the search for new partitions of topics, which a leader does. */
  stopWatching: () => void
}

/** Changes the state of a member. */
export type MemberEvent =
  /** A join begins. */
  | { readonly type: 'join' }
  /** The coordinator gave an id: the group waits for this member from now on. */
  | { readonly type: 'identified'; readonly memberId: string }
  /** JoinGroup was answered: the next generation has begun. */
  | { readonly type: 'joined'; readonly generation: GroupGeneration; readonly cooperative: boolean }
  /** SyncGroup was answered, and the listener knows of all earlier losses. */
  | { readonly type: 'synced'; readonly generation: GroupGeneration; readonly leads: boolean }
  /** The coordinator answered a heartbeat that the group rebalances, or the leader found new partitions. */
  | { readonly type: 'rebalance' }
  /** The membership is over. `forget`: the member joins again as a new one, without its id. */
  | { readonly type: 'lost'; readonly forget: boolean }
  | { readonly type: 'leave' }

export function unjoinedMember(): MemberState {
  return {
    phase: 'unjoined',
    memberId: '',
    generation: undefined,
    isCooperative: false,
    isAssigned: false,
    isRejoinNeeded: false,
    heart: undefined,
    stopWatching() {},
  }
}

export function isJoining({ phase }: Pick<MemberState, 'phase'>): boolean {
  return phase === 'preparing-rebalance' || phase === 'completing-rebalance'
}
