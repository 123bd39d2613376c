import type { Example } from './example.ts'

export const scale: Example = {
  name: 'scale',
  about: 'workers that join and die while they count orders by customer (only if it is named)',
  isAlone: true,
  async run(options) {
    const { runScale } = await import('../scale/run-scale.ts')
    await runScale(options)
  },
}
