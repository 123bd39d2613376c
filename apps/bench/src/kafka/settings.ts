/** The same for all contestants that use Kafka. */
export const PARTITIONS = 4
export const VALUE_BYTES = 100
/** The size of a fetch response at which KafkaJS and the drivers of Topic are fastest. */
export const FETCH_BYTES = 2 * 1024 * 1024
export const COMMIT_MS = 1000
/** The linger of contestants that batch by time. A loop that waits for its sends does not linger. */
export const LINGER_MS = 5
