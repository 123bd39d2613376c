import { setTimeout as sleep } from 'node:timers/promises'
import type { ExampleOptions } from '../examples/example.ts'
import { openCountingGroup } from './counting-group.ts'
import { feedOrders } from './order-feed.ts'
import type { OrderFeed } from './order-feed.ts'
import { createOwnerTable } from './owner-table.ts'
import { readTotals } from './read-totals.ts'
import type { Totals } from './read-totals.ts'
import { isBalanced, until } from './until.ts'

const PARTITIONS = 12
const CUSTOMERS = 1000
const ORDERS_A_SECOND = 1000
/** The time between two changes. */
const PAUSE_MS = 1500

/** Workers join and die while they count orders, and the counts are compared with the input. Throws if they differ. */
export async function runScale({ folder, brokers }: Pick<ExampleOptions, 'folder' | 'brokers'>): Promise<void> {
  await using group = await openCountingGroup({ folder, partitions: PARTITIONS, brokers })
  const { names, conf, workers } = group
  const totals = readTotals(names.totals, conf)
  console.log(`${brokers === undefined ? 'Apps in one process' : 'Processes'} count orders by customer, exactly once.`)
  console.log(
    `${number(ORDERS_A_SECOND)} orders arrive each second, in ${PARTITIONS} partitions. Below each worker are its partitions.\n`,
  )
  for (const name of ['a', 'b', 'c']) group.start(name)
  const share = () => until('the workers share all partitions', workers, () => isBalanced(workers, PARTITIONS))
  await share()
  const feed = feedOrders(names.orders, conf, { customers: CUSTOMERS, ordersASecond: ORDERS_A_SECOND })
  const table = createOwnerTable(['a', 'b', 'c', 'd'], console.log)

  /** Waits until the partitions are shared again, and everything that was ordered until then is counted. */
  async function settle(what: string): Promise<void> {
    await share()
    const ordered = new Map(feed.ordered)
    await until('the orders of all partitions are counted', workers, () => totals.reach(ordered))
    table.row(what, workers)
    await sleep(PAUSE_MS)
  }

  try {
    await settle('a, b and c started')
    group.start('d')
    await settle('d joined')
    await group.kill('b')
    await settle('b was killed')
    await feed.stop()
    await until('all orders are counted', workers, () => totals.reach(feed.ordered))
    await Promise.all([...workers].map(({ name }) => group.stop(name)))
    console.log(`\n${compare(feed, totals)}`)
  } finally {
    await Promise.allSettled([feed.stop(), totals.stop()])
  }
}

/** Throws if a count differs from the input. */
function compare({ ordered, total }: OrderFeed, { latest, written, wrong }: Totals): string {
  const differing = [...ordered].filter(([customer, orders]) => latest.get(customer) !== orders)
  const problems = [
    ...wrong,
    ...differing.map(
      ([customer, orders]) => `${customer} ordered ${orders} times and ${latest.get(customer)} were counted`,
    ),
  ]
  if (problems.length > 0) throw new Error(`${problems.length} counts are wrong, such as: ${problems[0]}`)
  const counted = [...latest.values()].reduce((sum, count) => sum + count, 0)
  return [
    `input    ${number(total)} orders of ${number(ordered.size)} customers`,
    `counted  ${number(counted)} orders of ${number(latest.size)} customers; the count of each customer equals the input`,
    `output   ${number(written)} counts, one for each order: none is missing, none was written twice`,
  ].join('\n')
}

const number = (value: number) => value.toLocaleString('en')
