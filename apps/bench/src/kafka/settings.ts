/** What is the same for all that work with Kafka. */
export const PARTITIONS = 4
export const VALUE_BYTES = 100
/** Of one answer to a fetch: what KafkaJS and the drivers of Topic are at their best with. */
export const FETCH_BYTES = 2 * 1024 * 1024
export const COMMIT_MS = 1000
/** Of what gathers by time. A loop that waits for its sends has none to gain. */
export const LINGER_MS = 5
