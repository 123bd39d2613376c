// Core and kafka: to a topic of the memory driver, and from it.
export default async function kafka(load) {
  const { createApp } = await load('@snapstream/core')
  const { Topic } = await load('@snapstream/kafka')
  const { memory } = await load('@snapstream/kafka/memory')
  const conf = { driver: memory() }
  const values = []

  const out = createApp()
  out.snap(['a', 'b', 'c'], { sink: [Topic('packed', { conf, create: { partitions: 1 } })] })((letter) => letter)
  await out.stream()

  const back = createApp()
  const topic = Topic('packed', { conf, groupId: 'packed', until: 'end' })
  back.snap(topic, { sink: [(value) => values.push(value)] })(({ value }) => value)
  await back.stream()
  if (values.join() !== 'a,b,c') throw new Error(`the topic gave ${JSON.stringify(values)}`)
}
