import {
  NOTHING,
  array,
  assignment,
  committed,
  coordinator,
  int16,
  int32,
  joined,
  metadata,
  offsetFetched,
  string,
  synced,
} from './fake-answers.ts'
import type { FakeAnswer, FakeRequest } from './fake-answers.ts'
import { LARGEST, NO_SUCH_CODE, answering, random } from './hostile-case.ts'
import type { Answers, HostileCase, Rest } from './hostile-case.ts'

/** The error codes of Kafka that the fake broker answers for ever. */
const [NO_COORDINATOR, UNKNOWN_MEMBER, REBALANCE, MEMBER_ID_REQUIRED, UNSTABLE] = [15, 25, 27, 79, 88]

/** Answers to members of a group that a good broker never gives, or gives only for a while. */
export function hostileGroups(): HostileCase[] {
  const member = (
    name: string,
    answers: Answers,
    expect: RegExp,
    rest: Rest = {},
    does: HostileCase['does'] = 'group',
  ) => answering(name, does, answers, expect, rest)
  const sync = (bytes: Buffer): Answers => ({ SyncGroup: () => synced(bytes) })
  const leads = (metadata: Buffer): Answers => ({
    JoinGroup: () => joined({ leaderId: 'member-1', members: [metadata] }),
  })
  const TOLD = { told: true } as const
  return [
    member(
      'has no coordinator for ever',
      { FindCoordinator: (_, { port }) => coordinator(port, { errorCode: NO_COORDINATOR }) },
      /COORDINATOR_NOT_AVAILABLE/,
    ),
    member(
      'names nobody as coordinator',
      { FindCoordinator: (_, { port }) => coordinator(port, { nodeId: -1 }) },
      /COORDINATOR_NOT_AVAILABLE/,
    ),
    member(
      'names a coordinator at no address',
      { FindCoordinator: () => coordinator(0, { nodeId: 9, host: '' }) },
      /^BROKER_UNREACHABLE: .*node 9/,
    ),
    member(
      'ends in the middle of its coordinator',
      { FindCoordinator: () => int32(0) },
      /^KAFKA_FAILED: .*(FindCoordinator|GroupCoordinator)/,
    ),
    member(
      'knows no member that joins',
      { JoinGroup: () => joined({ errorCode: UNKNOWN_MEMBER }) },
      /UNKNOWN_MEMBER_ID/,
      TOLD,
    ),
    member(
      'always begins another rebalance',
      { JoinGroup: () => joined({ errorCode: REBALANCE }) },
      /REBALANCE_IN_PROGRESS/,
      TOLD,
    ),
    member(
      'refuses for ever whoever joins',
      { JoinGroup: () => joined({ errorCode: UNKNOWN_MEMBER }) },
      /^KAFKA_FAILED: .*join.*UNKNOWN_MEMBER_ID/,
    ),
    member(
      'rebalances for ever',
      { JoinGroup: () => joined({ errorCode: REBALANCE }) },
      /^KAFKA_FAILED: .*join.*REBALANCE_IN_PROGRESS/,
    ),
    member(
      'gives an id for ever',
      { JoinGroup: () => joined({ errorCode: MEMBER_ID_REQUIRED }) },
      /MEMBER_ID_REQUIRED/,
    ),
    member(
      'gives an id that is none',
      { JoinGroup: () => joined({ errorCode: MEMBER_ID_REQUIRED, memberId: '' }) },
      /MEMBER_ID_REQUIRED/,
    ),
    member(
      'lets a member without an id in',
      { JoinGroup: () => joined({ memberId: '' }) },
      /^KAFKA_FAILED: .*JoinGroup/,
    ),
    member(
      'has a generation below zero',
      { JoinGroup: () => joined({ generation: -7 }) },
      /^KAFKA_FAILED: .*generation -7/,
    ),
    member(
      'chooses a protocol that nobody offered',
      { JoinGroup: () => joined({ protocol: 'range' }) },
      /^KAFKA_FAILED: .*"range"/,
    ),
    member('has members that say nothing', leads(NOTHING), /^KAFKA_FAILED: .*subscription of a member cannot be read/),
    member(
      'has members that read two billion topics',
      leads(Buffer.concat([int16(1), int32(LARGEST), random(30)])),
      /^KAFKA_FAILED: .*subscription of a member/,
    ),
    member(
      'has members that own partition -1',
      leads(Buffer.concat([int16(1), array([string('t')]), int32(-1), assignment('t', [-1]).subarray(2)])),
      /^KAFKA_FAILED: .*partition -1/,
    ),
    member('ends in the middle of a join', { JoinGroup: () => joined().subarray(0, 12) }, /^KAFKA_FAILED: .*JoinGroup/),
    member('swallows a join', { JoinGroup: () => () => {} }, /^BROKER_UNREACHABLE: .*JoinGroup within 2000 ms/, {
      silent: true,
    }),
    member(
      'knows no member that has just joined',
      { SyncGroup: () => synced(NOTHING, UNKNOWN_MEMBER) },
      /UNKNOWN_MEMBER_ID/,
      TOLD,
    ),
    member(
      'rebalances before it says what a member gets',
      { SyncGroup: () => synced(NOTHING, REBALANCE) },
      /REBALANCE_IN_PROGRESS/,
      TOLD,
    ),
    member('gives random bytes', sync(random(100)), /^KAFKA_FAILED: .*assignment of a member cannot be read/),
    member(
      'gives two billion partitions',
      sync(Buffer.concat([int16(0), int32(1), string('t'), int32(LARGEST), int32(0)])),
      /^KAFKA_FAILED: .*assignment of a member/,
    ),
    member('gives partition -3', sync(assignment('t', [-3])), /^KAFKA_FAILED: .*partition -3/),
    member('gives a partition of another topic', sync(assignment('secrets')), /^KAFKA_FAILED: .*"secrets"/),
    member(
      'gives a partition that is not there',
      sync(assignment('t', [4711])),
      /^KAFKA_FAILED: .*(LEADER_NOT_AVAILABLE|4711)/,
    ),
    member(
      'gives other partitions each time',
      {
        Heartbeat: () => Buffer.concat([int32(0), int16(REBALANCE)]),
        Metadata: (_, { port }) => metadata(port, { partitions: [{}, { partition: 1 }] }),
        SyncGroup: otherEachTime(),
        OffsetFetch: ({ version }) => offsetFetched(version, { offset: 0 }),
      },
      /REBALANCE_IN_PROGRESS|is missing/,
      TOLD,
    ),
    member(
      'forgets a member at each heartbeat',
      { Heartbeat: () => Buffer.concat([int32(0), int16(UNKNOWN_MEMBER)]) },
      /UNKNOWN_MEMBER_ID/,
      TOLD,
    ),
    member('swallows heartbeats', { Heartbeat: () => () => {} }, /^BROKER_UNREACHABLE: .*Heartbeat/, {
      ...TOLD,
      silent: true,
    }),
    member(
      'answers a heartbeat with an unknown error',
      { Heartbeat: () => Buffer.concat([int32(0), int16(NO_SUCH_CODE)]) },
      /^KAFKA_FAILED: .*ERROR_999/,
    ),
    member('ends in the middle of a heartbeat', { Heartbeat: () => int16(0) }, /^KAFKA_FAILED: .*Heartbeat/),
    member(
      'leaves out what is committed',
      { OffsetFetch: ({ version }) => offsetFetched(version, { leftOut: true }) },
      /^KAFKA_FAILED: .*OffsetFetch.*is missing/,
    ),
    member(
      'does not know yet what is committed',
      { OffsetFetch: ({ version }) => offsetFetched(version, { errorCode: UNSTABLE }) },
      /UNSTABLE_OFFSET_COMMIT/,
    ),
    member(
      'leaves out what it commits',
      { OffsetCommit: ({ version }) => committed(version, { leftOut: true }) },
      /^KAFKA_FAILED: .*OffsetCommit.*is missing/,
      {},
      'commit',
    ),
    member(
      'commits for nobody, and forgets nobody',
      { OffsetCommit: ({ version }) => committed(version, { errorCode: UNKNOWN_MEMBER }) },
      /UNKNOWN_MEMBER_ID/,
      TOLD,
      'commit',
    ),
    member(
      'refuses a commit with an unknown error',
      { OffsetCommit: ({ version }) => committed(version, { errorCode: NO_SUCH_CODE }) },
      /^KAFKA_FAILED: .*ERROR_999/,
      {},
      'commit',
    ),
  ]
}

function otherEachTime(): (request: FakeRequest) => FakeAnswer {
  let turn = 0
  return () => synced(assignment('t', [turn++ % 2]))
}
