/** How long the tests of a project take beside others on two cores, in seconds, where that is more than half a minute. */
const SECONDS = {
  kafka: 290,
  interop: 220,
  kafkats: 160,
  state: 155,
  core: 70,
  cli: 65,
  demo: 60,
  fuzz: 45,
  services: 38,
}
const ELSE_SECONDS = 25
/** How much longer they take with the long tests. */
const LONG_SECONDS = { chaos: 170, kafka: 100, state: 40, services: 30 }

/**
 * Divides projects among lanes that take about the same time together: each project, the longest first, comes to the lane
 * that has least to do so far. Nx alone would begin last with the projects that no other depends on, and some of these take
 * longest.
 */
export function testLanes(projects, count, { long = false } = {}) {
  const lanes = Array.from({ length: count }, () => ({ seconds: 0, projects: [] }))
  const secondsOf = ({ short }) => (SECONDS[short] ?? ELSE_SECONDS) + (long ? (LONG_SECONDS[short] ?? 0) : 0)
  for (const project of projects.toSorted((a, b) => secondsOf(b) - secondsOf(a))) {
    const lane = lanes.reduce((least, one) => (one.seconds < least.seconds ? one : least))
    lane.projects.push(project)
    lane.seconds += secondsOf(project)
  }
  return lanes.map(({ projects }) => projects).filter((some) => some.length > 0)
}
