import type { Worker } from './worker.ts'

const WIDTH = 11

/** A table of the owners of partitions: a row for each change. */
export interface OwnerTable {
  row(what: string, workers: readonly Worker[]): void
}

/** Prints the head of the table. `names`: those of all workers that will appear. */
export function createOwnerTable(names: readonly string[], print: (line: string) => void): OwnerTable {
  const startedAt = performance.now()
  let before: ReadonlyMap<number, string> = new Map()
  print(['  time', ...names.map((name) => name.padEnd(WIDTH)), ''].join('   ').trimEnd())

  return {
    row(what, workers) {
      const owners = ownersOf(workers)
      const moved = [...owners.keys()].filter(
        (partition) => (before.get(partition) ?? owners.get(partition)) !== owners.get(partition),
      )
      before = owners
      const seconds = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`
      const columns = names.map((name) => partitionsOf(workers, name).padEnd(WIDTH))
      const restored = workers.reduce((sum, worker) => sum + worker.takeRestored(), 0)
      const events = [what]
      if (moved.length > 0) events.push(`${listOf(moved)} moved, ${restored.toLocaleString('en')} counts restored`)
      print([seconds.padStart(6), ...columns, events.join('; ')].join('   '))
    },
  }
}

const ownersOf = (workers: readonly Worker[]): ReadonlyMap<number, string> =>
  new Map(workers.flatMap(({ name, partitions }) => [...partitions].map((partition) => [partition, name])))

function partitionsOf(workers: readonly Worker[], name: string): string {
  const worker = workers.find((one) => one.name === name)
  return worker === undefined ? '-' : listOf([...worker.partitions])
}

const listOf = (partitions: readonly number[]) => partitions.toSorted((a, b) => a - b).join(' ')
