import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { spreadOf } from '../figures.ts'
import type { CaseResult } from '../results.ts'
import type { Case } from '../suite.ts'
import { columnOf, DEFAULT_COLUMNS } from './columns.ts'

const OURS = '#e8590c'
const OTHERS = '#868e96'
/** Not the Python library of the same name. */
const OURS_BY_NAME = /^(?:snapstream(?! for Python)|Topic|exactlyOnce|Cache|AvroCodec|JsonCodec)/

/** Bars of the medians with a line from the least to the most, as SVG; undefined if nothing was measured. */
export function chart(one: Case, result: CaseResult): string | undefined {
  const figure = one.chart ?? one.columns?.[0] ?? DEFAULT_COLUMNS[0] ?? 'rate'
  const { title, show, less = false } = columnOf(figure)
  const bars = result.contestants.flatMap(({ name, rounds }) => {
    const spread = spreadOf(rounds, figure)
    return spread === undefined ? [] : [{ name, ...spread, ours: OURS_BY_NAME.test(name) }]
  })
  if (bars.length === 0) return undefined
  const { document } = parseHTML('<html></html>')
  const longest = Math.max(...bars.map(({ name }) => name.length))
  const svg = Plot.plot({
    document,
    width: 760,
    marginLeft: 20 + longest * 6.5,
    marginRight: 90,
    // Room for the label of the axis, below its figures.
    marginBottom: 44,
    style: { fontSize: '12px', background: 'white' },
    x: {
      label: `${title}, median with least and most${less ? '; less is better' : ''}`,
      labelOffset: 40,
      tickFormat: 's',
      nice: true,
    },
    y: { label: null },
    marks: [
      Plot.barX(bars, {
        x: 'median',
        y: 'name',
        fill: ({ ours }: (typeof bars)[number]) => (ours ? OURS : OTHERS),
        sort: { y: less ? 'x' : '-x' },
      }),
      Plot.ruleY(bars, { x1: 'least', x2: 'most', y: 'name', strokeWidth: 2 }),
      Plot.text(bars, {
        x: 'most',
        y: 'name',
        text: ({ median }: (typeof bars)[number]) => show(median),
        dx: 6,
        textAnchor: 'start',
      }),
      Plot.ruleX([0]),
    ],
  })
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  return `${svg.outerHTML}\n`
}
