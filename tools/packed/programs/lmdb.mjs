// A cache over LMDB, where the package level is not installed.
export default async function lmdb(load) {
  const { Cache } = await load('@snapstream/cache')
  const { LmdbLevel } = await load('@snapstream/cache-lmdb')
  const cache = Cache(new LmdbLevel(`db/${Date.now()}`))
  await cache.open()
  await cache('a', 1)
  if (cache.getSync('a') !== 1) throw new Error('the cache over LMDB lost its entry')
  await cache.close()

  const error = await Cache('db/level')
    .open()
    .catch((thrown) => thrown)
  if (error?.code !== 'UNSUPPORTED' || !error.message.includes('npm install level'))
    throw new Error(`without the package level a folder has to be refused with the command, got ${error?.message}`)
}
