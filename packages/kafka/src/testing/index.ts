export { createTestApp } from './test-app.ts'
export type { TestApp, TestAppOptions } from './test-app.ts'
export type { TestMember } from './test-member.ts'
export type { TestTopic } from './test-topic.ts'
