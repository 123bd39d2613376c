import { exactlyOnceTests } from './exactly-once-tests.ts'
import { javaClient } from './java-client.ts'

exactlyOnceTests('Java', javaClient)
