export { boundTo, resetTestApp, startTestRun } from './test-run.ts'
export type { TestRun, TestRunOptions } from './test-run.ts'
export { createVirtualHost } from './virtual-host.ts'
export type { VirtualHost, VirtualHostOptions } from './virtual-host.ts'
