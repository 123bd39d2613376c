import { fileURLToPath } from 'node:url'
import { pythonEnvironment } from '@snapstream/services'
import type { Rival } from './rival.ts'

interface PythonRival extends Pick<Rival, 'name' | 'about'> {
  /** The name of a file in this folder. */
  readonly program: string
  /** Requirements of pip with exact versions. The first one names the environment. */
  readonly packages: readonly [string, ...string[]]
}

function pythonRival({ name, about, program, packages }: PythonRival): Rival {
  return {
    name,
    about,
    says: 'place',
    async command(log) {
      const python = await pythonEnvironment(`rivals/${packages[0].replace('==', '-')}`, packages, log)
      return [python, fileURLToPath(new URL(program, import.meta.url))]
    },
  }
}

export const pythonRivals: readonly Rival[] = [
  pythonRival({
    name: 'snapstream-python',
    about: 'Snapstream 1.0.0 for Python: offsets committed by librdkafka, every second',
    program: 'snapstream_worker.py',
    packages: ['snapstream==1.0.0', 'confluent-kafka==2.12.2'],
  }),
  pythonRival({
    name: 'quix-streams',
    about: 'Quix Streams 3.28.1 (Python): at least once, commits every second',
    program: 'quix_worker.py',
    packages: ['quixstreams==3.28.1', 'confluent-kafka==2.12.2'],
  }),
]
