// Core alone: a source, a handler, a sink.
export default async function core(load) {
  const { createApp } = await load('@snapstream/core')
  const lines = []
  const app = createApp()
  app.snap([0, 1, 2], { sink: [(line) => lines.push(line)] })(function* hello(n) {
    yield `Hello ${n}`
  })
  await app.stream()
  if (lines.join() !== 'Hello 0,Hello 1,Hello 2') throw new Error(`core emitted ${JSON.stringify(lines)}`)

  const { backoff, findLoss } = await load('@snapstream/core/adapter')
  if (findLoss({ sizes: [NaN] }) !== '.sizes[0] is NaN') throw new Error('findLoss does not find NaN')
  if (!(backoff(1, { firstMs: 100 }) >= 50)) throw new Error('backoff gives no wait')
}
