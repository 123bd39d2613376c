import { refreshTopics } from './cluster-topics.ts'
import type { KafkaCluster } from './internals.ts'
import { isPassing } from './kafkajs-error.ts'

const INTERVAL_MS = 60_000

/** Calls `onChange` when a topic has got more partitions. Returns how to stop. */
export function watchPartitions(
  cluster: KafkaCluster,
  topics: ReadonlySet<string>,
  onChange: () => void,
  onError: (error: unknown) => void,
): () => void {
  const counts = () => [...topics].map((topic) => cluster.findTopicPartitionMetadata(topic).length).join()
  const before = counts()
  let open = true
  const timer = setInterval(() => {
    refreshTopics(cluster).then(
      () => {
        if (open && counts() !== before) onChange()
      },
      (error: unknown) => {
        if (open && !isPassing(error)) onError(error)
      },
    )
  }, INTERVAL_MS)
  return () => {
    open = false
    clearInterval(timer)
  }
}
