// For tools: the stores in a folder, without the program that has them.
export { createStateFolder, openStateFolder } from './state-folder.ts'
export type { StateFolder, StatePart, WritableStateFolder } from './state-folder.ts'
export { resetFolder } from '../reset-folder.ts'
export type { FolderReset } from '../reset-folder.ts'
export { changelogStore, changelogTopic } from './changelog-store.ts'
