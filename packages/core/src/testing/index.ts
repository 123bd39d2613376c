export { createVirtualHost } from './virtual-host.ts'
export type { VirtualHost } from './virtual-host.ts'
