import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { createApp, snap, stream } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { window, windowKey } from '@snapstream/operators'
import { Store } from '@snapstream/state'
import type { Example } from './example.ts'

const PAGES = ['home', 'shop', 'help', 'blog']
const CLICKS = 3000
const WINDOWS = 6
const SIZE_MS = 5000
const GRACE_MS = 1000

interface Click {
  readonly page: string
  readonly timestamp: number
}

export const windows: Example = {
  name: 'windows',
  about: 'clicks a page in windows of five seconds of event time, with clicks that come late (only if it is named)',
  isAlone: true,
  async run({ folder }) {
    const groupId = `demo-windows-${randomUUID().slice(0, 8)}`
    const begin = Math.floor(Date.now() / SIZE_MS) * SIZE_MS - 600_000
    const input = makeClicks(begin)
    const late: Click[] = []

    const incoming = Topic(`${groupId}-clicks`, { create: { partitions: 3 } })
    snap(input, { sink: [incoming], timestamp: ({ timestamp }) => timestamp })(({ page }) => [page, ''])
    await stream()

    // The last windows end although no click follows: a partition without clicks goes on with the wall clock after `idleMs`.
    const clicks = Topic(`${groupId}-clicks`, { groupId })
    const counts = window(
      clicks,
      Store<string, number>('counts', { folder: join(folder, 'windows') }),
      {
        sizeMs: SIZE_MS,
        graceMs: GRACE_MS,
        idleMs: 500,
        late: ({ key, timestamp }) => void late.push({ page: key ?? '', timestamp }),
      },
      (count = 0) => count + 1,
    )

    const app = createApp()
    const results = new Map<string, number>()
    console.log(['seconds', ...PAGES].map((column) => column.padStart(8)).join(''))
    app.snap(counts)(function count({ key, start, value }, { stop }) {
      if (key === null) throw new Error('a click without a page')
      results.set(windowKey(key, start), value)
      const row = PAGES.map((page) => results.get(windowKey(page, start)))
      if (row.includes(undefined)) return
      const seconds = `${(start - begin) / 1000}-${(start - begin + SIZE_MS) / 1000}`
      console.log([seconds, ...row].map((cell) => String(cell).padStart(8)).join(''))
      if (results.size === PAGES.length * WINDOWS) stop()
    })
    await app.stream()
    return compare(input, late, results)
  },
}

/** Clicks of half a minute, most of them a little out of order. Each thousandth comes twenty seconds late. */
function makeClicks(begin: number): Click[] {
  const span = WINDOWS * SIZE_MS
  return Array.from({ length: CLICKS }, (_, i) => {
    const inOrder = Math.floor((i / CLICKS) * span)
    const behind = i % 1000 === 999 ? 20_000 : (i * 7919) % 800
    return { page: PAGES[(i * 31) % PAGES.length] as string, timestamp: begin + Math.max(0, inOrder - behind) }
  })
}

/** Throws if the windows differ from the input without the late clicks. */
function compare(input: readonly Click[], late: readonly Click[], results: ReadonlyMap<string, number>): string {
  const expected = new Map<string, number>()
  const add = ({ page, timestamp }: Click, n: number) => {
    const key = windowKey(page, Math.floor(timestamp / SIZE_MS) * SIZE_MS)
    expected.set(key, (expected.get(key) ?? 0) + n)
  }
  for (const click of input) add(click, 1)
  for (const click of late) add(click, -1)
  const wrong = [...expected].filter(([key, count]) => results.get(key) !== count)
  if (wrong.length > 0) throw new Error(`${wrong.length} windows are wrong, such as ${wrong[0]?.join(': ')}`)
  const counted = [...results.values()].reduce((sum, count) => sum + count, 0)
  return `windows: ${input.length} clicks, ${counted} in ${results.size} windows, ${late.length} too late; each window equals the input`
}
