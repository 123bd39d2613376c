import type { FollowedTopics } from './metadata.ts'
import { isPassing } from '../errors/kafka-error.ts'

const LONGEST_MS = 60_000

/** Calls `onChange` each time a topic has got more partitions, which it asks for at least once a minute. Returns how to stop. */
export function watchPartitions(
  followed: FollowedTopics,
  topics: ReadonlySet<string>,
  onChange: () => void,
  onError: (error: unknown) => void,
  maxAgeMs = LONGEST_MS,
): () => void {
  const counts = () => [...topics].map((topic) => followed.partitions(topic).length).join()
  let before = counts()
  let open = true
  const timer = setInterval(
    () => {
      followed.refresh().then(
        () => {
          if (!open || counts() === before) return
          before = counts()
          onChange()
        },
        (error: unknown) => {
          if (open && !isPassing(error)) onError(error)
        },
      )
    },
    Math.min(maxAgeMs, LONGEST_MS),
  )
  return () => {
    open = false
    clearInterval(timer)
  }
}
