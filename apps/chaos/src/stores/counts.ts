import { Store } from '@snapstream/state'
import type { StorePlan } from '../worker-plan.ts'

/** The store in which workers count the records of each key. */
export const countsIn = (folder: string, { standbys = 0 }: Pick<StorePlan, 'standbys'> = {}) =>
  Store<string, number>('counts', { folder, standbys })
