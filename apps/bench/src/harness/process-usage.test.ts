import process from 'node:process'
import { expect, test } from 'vitest'
import { growth, watchUsage } from './process-usage.ts'

test('compares the last quarter with the second, not with the warm-up', () => {
  expect(growth([1, 1, 10, 10, 12, 13, 15, 15])).toEqual({ grewBytes: 5 })
  expect(growth([1, 2, 3])).toEqual({})
})

test.runIf(process.platform === 'linux')('reads what a process has used', async () => {
  const { rss } = process.memoryUsage()
  const watch = watchUsage(process.pid)
  const { cpuSeconds = 0, peakBytes = 0 } = await watch.read()
  watch.stop()
  const { userCPUTime, systemCPUTime } = process.resourceUsage()
  expect(cpuSeconds).toBeGreaterThan(0.05)
  expect(cpuSeconds).toBeLessThan((userCPUTime + systemCPUTime) / 1e6 + 0.1)
  // The maximum of resourceUsage() would be that of the process that started this one, if that is larger.
  expect(peakBytes).toBeGreaterThan(rss / 2)
})
