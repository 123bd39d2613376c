import type { Suite } from '../../suite.ts'
import { caches } from './caches.ts'
import { processes } from './processes.ts'
import { partitions, sizes } from './shapes.ts'

export const scale: Suite = {
  name: 'scale',
  about: 'more processes, more partitions, larger records and more keys',
  cases: [processes, partitions, sizes, caches],
}
