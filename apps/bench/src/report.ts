import { cpus, totalmem } from 'node:os'
import process from 'node:process'
import { median, ratios } from './measure.ts'
import type { Rates } from './measure.ts'
import type { Case, Suite } from './suite.ts'

/** A case with what was measured, as Markdown. */
export function reportCase(suite: Suite, one: Case, rates: Rates): string {
  const [first] = [...rates.values()].map((values) => 1e9 / median(values))
  const rows = [...rates].map(([name, values]) => {
    const perMessage = 1e9 / median(values)
    const spread = `${thousands(Math.min(...values))} - ${thousands(Math.max(...values))}`
    const extra = (perMessage - (first ?? 0)).toFixed(1)
    return `| ${name} | ${thousands(median(values))} | ${spread} | ${perMessage.toFixed(1)} | ${extra} |`
  })
  const lines = one.ratios.map(({ of, to, atLeast }) => {
    const all = ratios(rates, of, to)
    const middle = median(all)
    const goal = atLeast === undefined ? '' : `, goal ${atLeast.toFixed(2)}: ${middle >= atLeast ? 'met' : 'MISSED'}`
    const range = `${Math.min(...all).toFixed(2)} - ${Math.max(...all).toFixed(2)}`
    return `- ${of} / ${to}: ${middle.toFixed(2)} (${range})${goal}`
  })
  return [
    `### ${suite.name} ${one.name}`,
    '',
    `${one.about}.`,
    '',
    `| | messages/s, median | range | ns a message | more than ${one.contestants[0]?.name} |`,
    '| --- | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
    ...lines,
    '',
  ].join('\n')
}

export function reportMachine(rounds: number): string {
  const [cpu] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${cpu?.model ?? 'unknown processor'}, ${cpus().length} cores, ${memory} GiB; Node ${process.versions.node} on ${process.platform}; ${rounds} rounds, each run in a fresh process, contestants in turn; ratios are medians of the ratios round by round.`
}

function thousands(rate: number): string {
  return Math.round(rate).toLocaleString('en-US')
}
