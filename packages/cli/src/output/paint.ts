import { styleText } from 'node:util'
import type { Io } from '../io.ts'

/** Colours a text, or leaves it as it is. */
export type Paint = (style: 'dim' | 'cyan' | 'red' | 'bold', text: string) => string

/** Colours on a terminal only, and not where `NO_COLOR` is set; `FORCE_COLOR` has them everywhere. */
export function createPaint({ stdout, env }: Pick<Io, 'stdout' | 'env'>): Paint {
  const forced = env['FORCE_COLOR']
  const colours =
    forced === undefined ? stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb' : forced !== '0'
  // Whether it is a terminal was asked of the stream that is written to.
  return colours ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text
}
