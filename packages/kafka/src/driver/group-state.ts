import type { TopicPartition } from './topic-partition.ts'

/**
 * The state that a member keeps beside its partitions, such as stores with changelogs. The leader of the group leaves
 * partitions where their state is: a partition whose owner lives goes to another member once that has caught up. Members
 * follow partitions of others until then, and as standbys.
 */
export interface GroupState {
  /** What this member tells the leader. Called at each join; must not throw. */
  describe(): StateDescription
  /**
   * Called after each assignment: after the `revoked` of partitions that others get, and before the `assigned` of new ones.
   * Called as well when the membership was lost: no owner is known then, and `standby` stays. Must not throw.
   */
  assigned(assignment: StateAssignment): void
}

/** The state of a member, as the leader needs to know it. Partitions are those of source topics, by `topic/partition`. */
export interface StateDescription {
  /** Where this process answers queries; `''` if it does not. */
  readonly endpoint: string
  /** The rack or zone. The standbys of a partition are in other racks than its owner where possible. */
  readonly rack?: string
  /** How much state is on disk, also of partitions of other members: the sum of the offsets in the changelogs, in records. */
  readonly held: ReadonlyMap<string, number>
  /** By source topic, for all topics with state: how many members besides the owner are to follow each partition. */
  readonly standbys: ReadonlyMap<string, number>
  /**
   * The partitions that this member follows and has caught up with. Such a copy counts as good as that of the owner, however
   * fast the owner writes. Default: none, and copies are compared by `held`.
   */
  readonly caughtUp?: ReadonlySet<string>
}

/** The state in a group, as each member learns it. */
export interface StateAssignment {
  /**
   * By `topic/partition`, for all topics with state: who owns it. A partition that moves to another member has no owner until
   * that member has it. If the leader does not know of state, only the partitions of this member are there.
   */
  readonly owners: ReadonlyMap<string, StateOwner>
  /** The source partitions whose state this member follows without owning them: as a standby, or before it gets them. */
  readonly standby: readonly TopicPartition[]
}

/** The owner of a partition with state. */
export interface StateOwner {
  /** Whether it is this member. */
  readonly here: boolean
  /** The endpoint that the owner described; `''` if it has none. */
  readonly endpoint: string
  /** The endpoints of its standbys. */
  readonly standbys: readonly string[]
}
