import { clientTests } from './client-tests.ts'
import { javaClient } from './java-client.ts'

clientTests("Java's client", { client: javaClient, earliest: 0 })
