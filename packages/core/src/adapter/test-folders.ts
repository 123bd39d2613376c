/**
 * A key of a run's `scope`. Under test its value is a `Map` that belongs to one simulated process: by path, the databases in
 * memory that adapters use in place of their folders. Adapters add to it, and touch no folder.
 */
export const TEST_FOLDERS_KEY = '~snapstream.folders'
