import { expect, test } from 'vitest'
import { createCondition } from './index.ts'

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve))

test('notify wakes every waiter once', async () => {
  const changed = createCondition()
  const woken: string[] = []
  void changed.next().then(() => woken.push('a'))
  void changed.next().then(() => woken.push('b'))
  await turn()
  expect(woken).toEqual([])
  changed.notify()
  await turn()
  expect(woken).toEqual(['a', 'b'])
  changed.notify()
  await turn()
  expect(woken).toEqual(['a', 'b'])
})

test('until checks the predicate at once and after each notify', async () => {
  const changed = createCondition()
  let count = 0
  let over = false
  await changed.until(() => true)
  void changed.until(() => ++count === 3).then(() => (over = true))
  for (const expected of [false, true]) {
    changed.notify()
    await turn()
    expect(over).toBe(expected)
  }
  expect(count).toBe(3)
})
