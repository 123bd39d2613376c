export { brokerUnreachable, connectionError } from './connection-error.ts'
export type * from './connection.ts'
export { tlsOptions } from './tls-options.ts'
export { wireDriver } from './wire-driver.ts'
