export interface TopicPartition {
  readonly topic: string
  /** Its number, from 0. */
  readonly partition: number
}

export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number
}

/** Whether records of open and aborted transactions are read. */
export type IsolationLevel = 'read_committed' | 'read_uncommitted'
