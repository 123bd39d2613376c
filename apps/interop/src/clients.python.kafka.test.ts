import { clientTests } from './client-tests.ts'
import { pythonClient } from './python-client.ts'

// Its default places keys by CRC32; asked for by this name it places them where Java does. A timestamp of 0 means now.
clientTests("Python's client", { client: pythonClient, earliest: 1, producer: { partitioner: 'murmur2_random' } })
