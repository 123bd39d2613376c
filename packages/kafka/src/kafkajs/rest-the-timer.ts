import type { KafkaConnection } from './internals.ts'

/** KafkaJS looks each millisecond for requests that wait, also when there are none. */
export function restTheTimer({ requestQueue: queue }: KafkaConnection): void {
  const schedule = queue.scheduleCheckPendingRequests.bind(queue)
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0) schedule()
  }
}
