import type { PartitionQueue } from './partition-queue.ts'

/** The queues in as few groups as there can be, in order, of which the first batches together fit into a request. */
export function requestsOf(queues: readonly PartitionQueue[], maxRequestBytes: number): PartitionQueue[][] {
  const requests: PartitionQueue[][] = []
  let room = 0
  for (const queue of queues) {
    const { bytes } = queue.batches[0] ?? { bytes: 0 }
    const last = requests.at(-1)
    if (last === undefined || bytes > room) {
      requests.push([queue])
      room = maxRequestBytes - bytes
    } else {
      last.push(queue)
      room -= bytes
    }
  }
  return requests
}
