import type { Lane } from '../protocol.ts'

/** The partition of a lane: the number behind the last `/` of `topic/3`, or the number itself. Another lane is partition 0. */
export function partitionOfLane(lane: Lane): number {
  const partition = typeof lane === 'number' ? lane : Number(lane.slice(lane.lastIndexOf('/') + 1) || NaN)
  return Number.isInteger(partition) ? partition : 0
}
