import { spreadOf } from '../figures.ts'
import type { CaseResult, ContestantResult } from '../results.ts'
import type { Case, Ratio } from '../suite.ts'
import { DEFAULT_COLUMNS, columnOf } from './columns.ts'

/** A case and its results as Markdown. `charts`: the folder of its chart, if it has one. */
export function caseReport(one: Case, result: CaseResult, charts?: string): string {
  const figures = one.columns ?? DEFAULT_COLUMNS
  const titles = figures.flatMap((figure, i) => [columnOf(figure).title, ...(i === 0 ? ['min - max'] : [])])
  const measured = result.contestants.filter(({ rounds }) => rounds.length > 0)
  const chart = `![${result.suite} ${result.case}](${charts}/${result.suite}-${result.case}.svg)`
  return [
    `### ${result.suite} ${result.case}`,
    '',
    `${one.about}.`,
    '',
    ...(charts === undefined ? [] : [chart, '']),
    `| | ${titles.join(' | ')} | rounds |`,
    `| --- |${' ---: |'.repeat(titles.length + 1)}`,
    ...measured.map((contestant) => row(contestant, figures)),
    '',
    ...list(one.ratios.map((ratio) => ratioLine(ratio, result)).filter((line) => line !== '')),
    ...list(measured.flatMap(({ name, settings }) => (settings === undefined ? [] : [`${name}: ${settings}`]))),
    ...list(
      result.contestants.flatMap(({ name, absent }) =>
        absent === undefined ? [] : [`ABSENT ${name}: ${line(absent)}`],
      ),
    ),
    ...list(result.contestants.flatMap(({ name, voided }) => voided.map((why) => `VOID ${name}, ${line(why)}`))),
  ].join('\n')
}

function row({ name, rounds }: ContestantResult, figures: readonly string[]): string {
  const cells = figures.flatMap((figure, i) => {
    const spread = spreadOf(rounds, figure)
    const { show } = columnOf(figure)
    if (spread === undefined) return i === 0 ? ['', ''] : ['']
    const range = `${show(spread.least)} - ${show(spread.most)}`
    return [show(spread.median), ...(i === 0 ? [range] : [])]
  })
  return `| ${name} | ${cells.join(' | ')} | ${rounds.length} |`
}

/** Empty if one of the two has no result. */
function ratioLine(ratio: Ratio, result: CaseResult): string {
  const value = ratioOf(ratio, result)
  if (value === undefined) return ''
  const { of, to, isDifference = false, figure = 'rate', toFigure = figure, atLeast, atMost, bound } = ratio
  const what = (name: string, of: string) => (of === 'rate' ? name : `${name} (${columnOf(of).title})`)
  const verdict = (isMet: boolean) => (isMet ? 'met' : `MISSED${bound === undefined ? '' : `; the reason: ${bound}`}`)
  const goals = [
    ...(atLeast === undefined ? [] : [`, goal at least ${atLeast}: ${verdict(value >= atLeast)}`]),
    ...(atMost === undefined ? [] : [`, goal at most ${atMost}: ${verdict(value <= atMost)}`]),
  ]
  const sign = isDifference ? '-' : '/'
  const shown = isDifference ? columnOf(figure).show(value) : value.toFixed(2)
  return `${what(of, figure)} ${sign} ${what(to, toFigure)}: ${shown}${goals.join('')}`
}

/** Of the medians. */
function ratioOf(ratio: Ratio, result: CaseResult): number | undefined {
  const { of, to, isDifference = false, figure = 'rate', toFigure = figure } = ratio
  const medianOf = (name: string, figure: string) =>
    spreadOf(result.contestants.find((one) => one.name === name)?.rounds ?? [], figure)?.median
  const [above, below] = [medianOf(of, figure), medianOf(to, toFigure)]
  if (above === undefined || below === undefined) return undefined
  return isDifference ? above - below : above / below
}

const list = (lines: readonly string[]) => (lines.length === 0 ? [] : [...lines.map((text) => `- ${text}`), ''])

/** The first line of an error; the others are its details. */
const line = (text: string) => text.split('\n')[0]?.slice(0, 300) ?? ''
