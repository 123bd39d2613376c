import { clientTests } from './client-tests.ts'
import { pythonClient } from './python-client.ts'

// The default partitioner of librdkafka is CRC32; murmur2_random is that of Java. A timestamp of 0 means now.
clientTests("Python's client", { client: pythonClient, earliest: 1, producer: { partitioner: 'murmur2_random' } })
