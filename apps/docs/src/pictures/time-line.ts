/** A point in time on a row: a record, or a result. */
export interface Mark {
  readonly at: number
  readonly label?: string
  /** `'record'` by default; `'result'` is what an operator gives; `'late'` is a record that is too late. */
  readonly kind?: 'record' | 'result' | 'late'
}

/** A part of a row between two times. */
interface Span {
  readonly from: number
  readonly to: number
  readonly label?: string
  /** `'window'` by default; `'grace'` is the time in which a window still takes records. */
  readonly kind?: 'window' | 'grace'
}

/** A row of a picture: spans with marks on them. */
interface Row {
  readonly label: string
  readonly marks?: readonly Mark[]
  /** Spans that overlap are drawn below each other. */
  readonly spans?: readonly Span[]
}

/** An arrow from a mark to another, by the number of the row and the time. */
interface Arrow {
  readonly from: readonly [row: number, at: number]
  readonly to: readonly [row: number, at: number]
}

/** A picture of rows over one axis of time. Times are in seconds. */
export interface TimeLine {
  /** For readers who do not see the picture. */
  readonly title: string
  readonly from: number
  readonly to: number
  /** The distance of the lines of the axis. */
  readonly every: number
  readonly rows: readonly Row[]
  readonly arrows?: readonly Arrow[]
  /** The name of the axis. */
  readonly axis?: string
}

const WIDTH = 760
const LEFT = 150
const RIGHT = 24
const TOP = 34
const MARK_HEIGHT = 40
const SPAN_HEIGHT = 24
const GAP = 14

// The colours fit a light and a dark page.
const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #333 }
.small { font-size: 11px }
.axis { stroke: #ccc; stroke-width: 1 }
.row { stroke: #999; stroke-width: 1 }
.window { fill: #dbeafe; stroke: #2563eb }
.grace { fill: none; stroke: #2563eb; stroke-dasharray: 4 3 }
.record { fill: #2563eb }
.result { fill: #fff; stroke: #15803d; stroke-width: 2 }
.late { stroke: #b91c1c; stroke-width: 2 }
.arrow { stroke: #15803d; fill: none; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
text { fill: #ddd }
.axis { stroke: #444 }
.row { stroke: #777 }
.window { fill: #1e3a5f; stroke: #60a5fa }
.grace { stroke: #60a5fa }
.record { fill: #60a5fa }
.result { fill: #111; stroke: #4ade80 }
.late { stroke: #f87171 }
.arrow { stroke: #4ade80 }
}`

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Puts spans that overlap into lines of their own. Returns the line of each span. */
function linesOf(spans: readonly Span[]): readonly number[] {
  const ends: number[] = []
  return spans.map(({ from, to }) => {
    const free = ends.findIndex((end) => end <= from)
    const line = free === -1 ? ends.length : free
    ends[line] = to
    return line
  })
}

/** Draws a picture as SVG. */
export function drawTimeLine({ title, from, to, every, rows, arrows = [], axis = 'event time' }: TimeLine): string {
  const x = (at: number) => Math.round((LEFT + ((at - from) / (to - from)) * (WIDTH - LEFT - RIGHT)) * 10) / 10
  const parts: string[] = []
  /** The height of the marks of each row. */
  const levels: number[] = []
  const lines: string[] = []
  let y = TOP
  for (const { label, marks = [], spans = [] } of rows) {
    const taken = linesOf(spans)
    const height = marks.length > 0 ? MARK_HEIGHT : 0
    const level = y + height - 14
    levels.push(level)
    const spanTop = y + height
    const bottom = spanTop + (spans.length > 0 ? (Math.max(...taken) + 1) * SPAN_HEIGHT : 0)
    lines.push(`<text x="8" y="${marks.length > 0 ? level + 4 : spanTop + 15}">${escaped(label)}</text>`)
    if (marks.length > 0) lines.push(`<path class="row" d="M${LEFT} ${level}H${WIDTH - RIGHT}"/>`)
    for (const [i, span] of spans.entries()) {
      const top = spanTop + (taken[i] as number) * SPAN_HEIGHT
      const width = Math.round((x(span.to) - x(span.from)) * 10) / 10
      lines.push(
        `<rect class="${span.kind ?? 'window'}" x="${x(span.from)}" y="${top}" width="${width}" height="${SPAN_HEIGHT - 6}" rx="3"/>`,
      )
      if (span.label !== undefined)
        lines.push(`<text class="small" x="${x(span.from) + 6}" y="${top + 13}">${escaped(span.label)}</text>`)
    }
    for (const { at, label: name, kind = 'record' } of marks) {
      const cross = `M${x(at) - 5} ${level - 5}l10 10m0-10l-10 10`
      lines.push(
        kind === 'late'
          ? `<path class="late" d="${cross}"/>`
          : `<circle class="${kind}" cx="${x(at)}" cy="${level}" r="5.5"/>`,
      )
      if (name !== undefined)
        lines.push(
          `<text class="small" text-anchor="middle" x="${x(at)}" y="${kind === 'result' ? level + 19 : level - 10}">${escaped(name)}</text>`,
        )
    }
    y = bottom + GAP
  }
  for (const { from: start, to: end } of arrows) {
    const [x1, y1] = [x(start[1]), levels[start[0]] as number]
    const [x2, y2] = [x(end[1]), levels[end[0]] as number]
    const sign = y2 > y1 ? 1 : -1
    lines.push(`<path class="arrow" marker-end="url(#head)" d="M${x1} ${y1 + 7 * sign}L${x2} ${y2 - 9 * sign}"/>`)
  }
  for (let at = from; at <= to; at += every) {
    parts.push(`<path class="axis" d="M${x(at)} ${TOP - 8}V${y - 4}"/>`)
    parts.push(`<text class="small" text-anchor="middle" x="${x(at)}" y="${TOP - 14}">${at} s</text>`)
  }
  parts.push(`<text class="small" x="8" y="${TOP - 14}">${escaped(axis)}</text>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="arrow" d="M1 1L7 4L1 7"/></marker></defs>
${[...parts, ...lines].join('\n')}
</svg>
`
}
