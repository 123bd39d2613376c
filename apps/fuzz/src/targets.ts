import type { Target } from './target.ts'
import { avro } from './targets/avro.ts'
import { cliConfig } from './targets/cli-config.ts'
import { cliInput } from './targets/cli-input.ts'
import { fetchAnswer } from './targets/fetch-answer.ts'
import { frames } from './targets/frames.ts'
import { groupAnswer } from './targets/group-answer.ts'
import { json } from './targets/json.ts'
import { recordBatch } from './targets/record-batch.ts'
import { registryAnswer } from './targets/registry-answer.ts'
import { settings } from './targets/settings.ts'

/** All targets in the order of `npm run fuzz`. */
export const targets: readonly Target[] = [
  avro,
  cliConfig,
  cliInput,
  frames,
  groupAnswer,
  json,
  registryAnswer,
  settings,
  recordBatch,
  fetchAnswer,
]
