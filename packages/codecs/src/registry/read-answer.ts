import { codecError } from '../codec-error.ts'

/** The text of an answer of at most so many bytes: a compressed one may be thousands of times longer than what was sent. */
export async function readAnswer(response: Response, maxBytes: number): Promise<string> {
  const tooLong = () =>
    codecError(
      'REGISTRY_FAILED',
      `an answer of the schema registry has more than ${maxBytes} bytes, the limit by maxAnswerBytes`,
    )
  const { body } = response
  if (body === null) return ''
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = body.getReader()
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    length += chunk.value.byteLength
    if (length > maxBytes) {
      await reader.cancel().catch(() => undefined)
      throw tooLong()
    }
    chunks.push(chunk.value)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}
