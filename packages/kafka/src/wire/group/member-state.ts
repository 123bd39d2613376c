import type { GroupGeneration } from '../protocol/connection.ts'

/** The phases of a member, in Kafka's words. */
export type Phase =
  /** Not a member, yet or any more: it owns nothing. */
  | 'unjoined'
  /** Joins: the group waits until all of its members have. It keeps what it owns, and goes on committing. */
  | 'preparing-rebalance'
  /** A generation has begun, and the member does not know yet which partitions it has in it: commits wait. */
  | 'completing-rebalance'
  /** Knows its assignment: hands over what others get, takes what it gets, then works. */
  | 'stable'
  /** Leaves, and takes part in nothing any more. */
  | 'leaving'

/** What is known of a member. Only `transition` in `membership.ts` writes it. */
export interface MemberState {
  phase: Phase
  /** Empty until the coordinator has given one. It is kept when the membership is lost for reasons of time. */
  memberId: string
  /** The latest that has begun, for heartbeats; undefined before the first, and once the membership is lost. */
  generation: GroupGeneration | undefined
  /** The assignment of `generation` is known, so that commits go under it. */
  isAssigned: boolean
  /** The group asks its members to join again. */
  isRejoinNeeded: boolean
  /** Stops the heartbeats; undefined while there are none. */
  heart: AbortController | undefined
  /** Stops to look for new partitions, which a leader does. */
  stopWatching: () => void
}

/** What changes the state of a member. */
export type MemberEvent =
  /** A join begins. */
  | { readonly type: 'join' }
  /** The coordinator gave an id: the group waits for this member from now on. */
  | { readonly type: 'identified'; readonly memberId: string }
  /** JoinGroup was answered: the next generation has begun. */
  | { readonly type: 'joined'; readonly generation: GroupGeneration }
  /** SyncGroup was answered, and the listener knows of everything that was before. */
  | { readonly type: 'synced'; readonly generation: GroupGeneration; readonly leads: boolean }
  /** A heartbeat was answered that the group rebalances, or the leader found new partitions. */
  | { readonly type: 'rebalance' }
  /** The membership is over. `forget`: the member joins again as a new one. */
  | { readonly type: 'lost'; readonly forget: boolean }
  | { readonly type: 'leave' }

export function unjoinedMember(): MemberState {
  return {
    phase: 'unjoined',
    memberId: '',
    generation: undefined,
    isAssigned: false,
    isRejoinNeeded: false,
    heart: undefined,
    stopWatching() {},
  }
}

export function isJoining({ phase }: Pick<MemberState, 'phase'>): boolean {
  return phase === 'preparing-rebalance' || phase === 'completing-rebalance'
}

/** The generation to commit under; undefined while it is not known which partitions the member has. */
export function commitGeneration({ isAssigned, generation }: MemberState): GroupGeneration | undefined {
  return isAssigned ? generation : undefined
}
