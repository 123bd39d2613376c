export { kafkajs } from './kafkajs-driver.ts'
