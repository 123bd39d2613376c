import assert from 'node:assert/strict'
import { SnapstreamError, toError } from '@snapstream/core'
import type { ErrorCode } from '@snapstream/core'
import type { ProduceResult } from '../driver/driver.ts'

/** Asserts that an error has this code, and that its message contains this text. */
export function assertError(code: ErrorCode, mentions: string, error: unknown): void {
  assert.ok(SnapstreamError.is(error), `expected a SnapstreamError ${code}, got ${toError(error).message}`)
  assert.equal(error.code, code, error.message)
  assert.ok(error.message.includes(mentions), `${JSON.stringify(error.message)} does not mention ${mentions}`)
}

/** Asserts that all batches of a call were acknowledged. */
export function assertWritten(results: readonly ProduceResult[] | undefined): void {
  assert.ok(results !== undefined && results.length > 0)
  for (const { error } of results) assert.equal(error, undefined)
}

export async function rejects(code: ErrorCode, mentions: string, run: () => Promise<unknown>): Promise<void> {
  let error: unknown
  try {
    await run()
  } catch (thrown) {
    error = thrown
  }
  assertError(code, mentions, error)
}
