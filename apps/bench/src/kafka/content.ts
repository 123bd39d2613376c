import { recordsOf, tallied, transform } from './message.ts'
import type { Message, Shape, Tally } from './message.ts'

/** A checksum of records, independent of their order and of the layout of their JSON. */
export interface Content {
  add(key: string, value: string): void
  readonly checksum: string
}

interface OneKind {
  create(): Content
  /** The checksum of the correct output for all records of a shape. */
  expected(shape: Shape): string
}

/** The output: the records themselves, the results of the pipeline, or the state of the key after each record. */
export type Kind = 'written' | 'messages' | 'tallies'

export const contents: Readonly<Record<Kind, OneKind>> = {
  written: { create: messages, expected: (shape) => of(messages(), shape, (_, message) => message) },
  messages: { create: messages, expected: (shape) => of(messages(), shape, (_, message) => transform(message)) },
  tallies: {
    create: () =>
      content((value) => {
        const { count, sum } = value as Tally
        return `${count}|${sum}`
      }),
    expected(shape) {
      const tallies = new Map<string, Tally>()
      return of(contents.tallies.create(), shape, (key, message) => {
        const tally = tallied(tallies.get(key), message)
        tallies.set(key, tally)
        return tally
      })
    },
  },
}

function messages(): Content {
  return content((value) => {
    const { id, text } = value as Message
    return `${id}|${text}`
  })
}

function of(all: Content, shape: Shape, make: (key: string, message: Message) => unknown): string {
  for (const [key, value] of recordsOf(shape)) all.add(key, JSON.stringify(make(key, JSON.parse(value) as Message)))
  return all.checksum
}

/** `canonical`: a line for the value, which the checksum goes by. */
export function content(canonical: (value: unknown) => string): Content {
  const lines = checksumOfLines()
  return {
    add: (key, value) => lines.add(`${key}|${canonical(JSON.parse(value))}`),
    get checksum() {
      return lines.checksum
    },
  }
}

/** A checksum of lines of text, in any order. */
export function checksumOfLines() {
  let [records, sum] = [0, 0]
  return {
    add(line: string) {
      records += 1
      sum = (sum + hash(line)) % 2 ** 48
    },
    get checksum() {
      return `${records} records, ${sum.toString(16)}`
    },
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let hash = 0x81_1c_9d_c5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01_00_01_93)
  return hash >>> 0
}
