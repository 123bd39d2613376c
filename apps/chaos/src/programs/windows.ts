// Counts the clicks on each page per minute of event time.
import { Cache } from '@snapstream/cache'
import { snap, stream } from '@snapstream/core'
import { Conf, Topic } from '@snapstream/kafka'

Conf(Conf.fromEnv())
const [clicks = 'clicks'] = process.argv.slice(2)

const counts = Cache<string, number>('db/counts', { exactlyOnce: true })

snap(Topic(clicks), { sink: [counts] })(({ key: page, timestamp }) => {
  const window = `${Math.floor(timestamp / 60_000)} ${page}`
  return [window, (counts.getSync(window) ?? 0) + 1]
})

await stream()
