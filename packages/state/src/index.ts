export type { ChangelogTopicOptions, StoreOptions } from './options.ts'
export { Store } from './store.ts'
export type { StorePart } from './store-part.ts'
