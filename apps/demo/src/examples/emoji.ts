import { join } from 'node:path'
import { Cache } from '@snapstream/cache'
import { snap, stream } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { Example } from './example.ts'

export const emoji: Example = {
  name: 'emoji',
  about: 'an array to a topic, the topic to a cache, the cache to the console',
  async run({ folder }) {
    const messages = ['🏆', '📞', '🐟', '👌', '🎉']
    const topic = Topic('emoji', { groupId: 'demo', create: { partitions: 1 } })
    const cache = Cache<number, string>(join(folder, 'emoji'))

    snap(messages, { sink: [topic] })((message) => message)
    snap(topic, { sink: [cache] })(({ value }) => [value.codePointAt(0) ?? 0, value])
    let seen = 0
    snap(cache, { sink: [console.log] })(([, emoji], { stop }) => {
      if (++seen === messages.length) stop()
      return `Look at this emoji: ${emoji}`
    })
    await stream()
  },
}
