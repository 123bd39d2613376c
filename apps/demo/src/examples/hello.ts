import { snap, stream } from '@snapstream/core'
import type { Example } from './example.ts'

export const hello: Example = {
  name: 'hello',
  about: 'an array, a generator as handler, the console as sink',
  async run() {
    snap([0, 1, 2, 3, 4], { sink: [console.log] })(function* hello(n) {
      yield `Hello ${n}`
    })
    await stream()
  },
}
