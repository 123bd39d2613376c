import { added, initialized, int16, int32 } from './fake-answers.ts'
import { NO_SUCH_CODE, answering } from './hostile-case.ts'
import type { Answers, HostileCase, Rest } from './hostile-case.ts'

/** The error code that the fake broker answers for ever. */
const CONCURRENT_TRANSACTIONS = 51
/** In the flexible form. */
const TWO_BILLION = Buffer.from('ffffffff07', 'hex')

/** Answers to a transactional producer that a good broker never gives, or gives only for a while. */
export function hostileTransactions(): HostileCase[] {
  const producing = (name: string, answers: Answers, expect: RegExp, rest?: Rest) =>
    answering(name, 'transact', answers, expect, rest)
  return [
    producing(
      'gives a transactional producer an id below zero',
      { InitProducerId: ({ version }) => initialized(version, { producerId: -1 }) },
      /^KAFKA_FAILED: .*InitProducerId.*the id -1/,
    ),
    producing(
      'ends the transaction before for ever',
      { InitProducerId: ({ version }) => initialized(version, { errorCode: CONCURRENT_TRANSACTIONS, producerId: -1 }) },
      /^KAFKA_FAILED: .*transactional id "tx".*CONCURRENT_TRANSACTIONS/,
    ),
    producing(
      'ends in the middle of a transactional id',
      { InitProducerId: () => int32(0) },
      /^KAFKA_FAILED: .*InitProducerId cannot be read/,
    ),
    producing(
      'leaves out the partition of a transaction',
      { AddPartitionsToTxn: () => added({ leftOut: true }) },
      /^KAFKA_FAILED: .*AddPartitionsToTxn.*partition 0 of "t" is missing/,
    ),
    producing(
      'adds two billion topics to a transaction',
      { AddPartitionsToTxn: () => Buffer.concat([int32(0), TWO_BILLION, Buffer.alloc(50)]) },
      /^KAFKA_FAILED: .*AddPartitionsToTxn cannot be read/,
    ),
    producing(
      'adds a partition for ever',
      { AddPartitionsToTxn: () => added({ errorCode: CONCURRENT_TRANSACTIONS }) },
      /CONCURRENT_TRANSACTIONS/,
    ),
    producing(
      'ends a transaction with an unknown error',
      { EndTxn: () => Buffer.concat([int32(0), int16(NO_SUCH_CODE), Buffer.from([0])]) },
      /^KAFKA_FAILED: .*commit the transaction of "tx".*ERROR_999/,
    ),
    producing(
      'ends in the middle of the end of a transaction',
      { EndTxn: () => int32(0) },
      /^KAFKA_FAILED: .*EndTxn cannot be read/,
    ),
    producing(
      'has two billion tagged fields in a transaction',
      { AddPartitionsToTxn: () => Buffer.concat([Buffer.from('0000000002027402000000000000', 'hex'), TWO_BILLION]) },
      /^KAFKA_FAILED: .*AddPartitionsToTxn cannot be read/,
    ),
    producing(
      'swallows the end of a transaction',
      { EndTxn: () => () => {} },
      /^BROKER_UNREACHABLE: .*did not answer EndTxn within 1000 ms/,
      { silent: true },
    ),
  ]
}
