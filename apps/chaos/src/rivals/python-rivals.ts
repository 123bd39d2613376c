import { fileURLToPath } from 'node:url'
import { pythonEnvironment } from '@snapstream/services'
import type { Rival } from './rival.ts'

interface PythonRival extends Pick<Rival, 'name' | 'about' | 'hasStatic'> {
  /** The name of a file in this folder, and its arguments before the plan. */
  readonly program: readonly [file: string, ...args: readonly string[]]
  /** Requirements of pip with exact versions. The first one names the environment. */
  readonly packages: readonly [string, ...string[]]
}

function pythonRival({ program, packages, ...rival }: PythonRival): Rival {
  return {
    ...rival,
    says: 'place',
    async command(log) {
      const python = await pythonEnvironment(`rivals/${packages[0].replace('==', '-')}`, packages, log)
      const [file, ...args] = program
      return [python, fileURLToPath(new URL(file, import.meta.url)), ...args]
    },
  }
}

const QUIX = ['quixstreams==3.28.1', 'confluent-kafka==2.12.2'] as const

export const pythonRivals: readonly Rival[] = [
  pythonRival({
    name: 'snapstream-python',
    about: 'Snapstream 1.0.0 for Python: offsets committed by librdkafka, every second',
    hasStatic: false,
    program: ['snapstream_worker.py'],
    packages: ['snapstream==1.0.0', 'confluent-kafka==2.12.2'],
  }),
  pythonRival({
    name: 'quix-streams',
    about: 'Quix Streams 3.28.1 (Python): at least once, commits every second',
    program: ['quix_worker.py', 'at-least-once', '1.0'],
    packages: QUIX,
  }),
  pythonRival({
    name: 'quix-streams-eos',
    about: 'Quix Streams 3.28.1 (Python): exactly once, commits every 100 ms',
    program: ['quix_worker.py', 'exactly-once', '0.1'],
    packages: QUIX,
  }),
]
