import type { Mark, TimeLine } from './time-line.ts'

const records = (...times: readonly number[]): readonly Mark[] => times.map((at) => ({ at, label: String(at) }))

const CLICKS = records(3, 8, 21, 24, 38)

/** The pictures of the documents, by the name of their file in `docs/pictures`. Times are in seconds. */
export const PICTURES: Readonly<Record<string, TimeLine>> = {
  'event-time': {
    title: 'Five records in the order of arrival, and the event time after each of them',
    from: 0,
    to: 50,
    every: 10,
    rows: [
      { label: '1st record', marks: [{ at: 12, label: '12' }], spans: [{ from: 0, to: 12, label: 'event time 12' }] },
      { label: '2nd record', marks: [{ at: 31, label: '31' }], spans: [{ from: 0, to: 31, label: 'event time 31' }] },
      {
        label: '3rd, out of order',
        marks: [{ at: 26, label: '26' }],
        spans: [{ from: 0, to: 31, label: 'event time 31' }],
      },
      { label: '4th record', marks: [{ at: 44, label: '44' }], spans: [{ from: 0, to: 44, label: 'event time 44' }] },
      {
        label: '5th, too late',
        marks: [{ at: 18, label: '18', kind: 'late' }],
        spans: [{ from: 0, to: 44, label: 'event time 44' }],
      },
    ],
  },
  grace: {
    title: 'A window from 0 to 20 s with 5 s of grace takes the record of 17 s that comes after the one of 23 s',
    from: 0,
    to: 40,
    every: 10,
    rows: [
      {
        label: 'window and grace',
        spans: [
          { from: 0, to: 20, label: 'window' },
          { from: 20, to: 25, label: 'grace', kind: 'grace' },
        ],
      },
      { label: '1st to 3rd record', marks: records(4, 11, 23) },
      { label: '4th, in time', marks: [{ at: 17, label: '17' }] },
      { label: '5th ends it', marks: [{ at: 26, label: '26' }] },
      { label: 'result', marks: [{ at: 19.999, label: 'count 3', kind: 'result' }] },
      { label: '6th, too late', marks: [{ at: 14, label: '14', kind: 'late' }] },
    ],
  },
  windows: {
    title: 'The same five records in tumbling, hopping, sliding and session windows',
    from: 0,
    to: 50,
    every: 10,
    rows: [
      { label: 'records', marks: CLICKS },
      {
        label: 'tumbling, 20 s',
        spans: [
          { from: 0, to: 20, label: '2 records' },
          { from: 20, to: 40, label: '3 records' },
        ],
      },
      {
        label: 'hopping, every 10 s',
        spans: [
          { from: 0, to: 20, label: '2' },
          { from: 10, to: 30, label: '2' },
          { from: 20, to: 40, label: '3' },
          { from: 30, to: 50, label: '1' },
        ],
      },
      {
        label: 'session, gap 10 s',
        spans: [
          { from: 3, to: 8, label: '2' },
          { from: 21, to: 24, label: '2' },
          { from: 38, to: 38.6, label: '1' },
        ],
      },
    ],
  },
  sliding: {
    title: 'Sliding windows of 10 s: one ends at each record, and one begins right behind each record',
    from: 0,
    to: 50,
    every: 10,
    rows: [
      { label: 'records', marks: records(12, 18, 31) },
      {
        label: 'ends at a record',
        spans: [
          { from: 2, to: 12, label: '12' },
          { from: 8, to: 18, label: '12, 18' },
          { from: 21, to: 31, label: '31' },
        ],
      },
      { label: 'begins behind one', spans: [{ from: 12.001, to: 22, label: '18' }] },
    ],
  },
  'stream-join': {
    title: 'Orders and payments that are joined if the payment comes at most 20 s after the order',
    from: 0,
    to: 60,
    every: 10,
    rows: [
      {
        label: 'orders',
        marks: [
          { at: 5, label: 'a' },
          { at: 18, label: 'b' },
          { at: 30, label: 'c' },
        ],
      },
      {
        label: 'a payment in time',
        spans: [
          { from: 5, to: 25, label: 'of a' },
          { from: 18, to: 38, label: 'of b' },
          { from: 30, to: 50, label: 'of c' },
        ],
      },
      {
        label: 'payments',
        marks: [
          { at: 15, label: 'a' },
          { at: 44, label: 'c' },
          { at: 55, label: 'b' },
        ],
      },
      {
        label: "results, type 'left'",
        marks: [
          { at: 15, label: 'a, paid', kind: 'result' },
          { at: 38, label: 'b, unpaid', kind: 'result' },
          { at: 44, label: 'c, paid', kind: 'result' },
        ],
      },
    ],
    arrows: [
      { from: [2, 15], to: [3, 15] },
      { from: [2, 44], to: [3, 44] },
    ],
  },
  'table-join': {
    title: 'Orders with the row of their customer: the latest row, or that of the time of the order',
    from: 0,
    to: 50,
    every: 10,
    rows: [
      {
        label: 'rows of ann',
        spans: [
          { from: 4, to: 26, label: 'Lima' },
          { from: 26, to: 50, label: 'Quito' },
        ],
      },
      {
        label: 'orders of ann',
        marks: [
          { at: 12, label: '12' },
          { at: 34, label: '34' },
          { at: 20, label: '20, arrives last' },
        ],
      },
      {
        label: 'table as it is',
        marks: [
          { at: 12, label: 'Lima', kind: 'result' },
          { at: 34, label: 'Quito', kind: 'result' },
          { at: 20, label: 'Quito', kind: 'result' },
        ],
      },
      {
        label: 'with versionedMs',
        marks: [
          { at: 12, label: 'Lima', kind: 'result' },
          { at: 34, label: 'Quito', kind: 'result' },
          { at: 20, label: 'Lima', kind: 'result' },
        ],
      },
    ],
  },
}
