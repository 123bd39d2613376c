// A cache in a folder, with the package level.
export default async function cache(load) {
  const { Cache } = await load('@snapstream/cache')
  const counts = Cache(`db/${Date.now()}`)
  await counts.open()
  await counts('a', 1)
  if (counts.getSync('a') !== 1) throw new Error('the cache lost its entry')
  await counts.close()
}
