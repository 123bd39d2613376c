import { exactlyOnceTests } from './exactly-once-tests.ts'
import { pythonClient } from './python-client.ts'

exactlyOnceTests('Python', pythonClient)
