import { mkdir, writeFile } from 'node:fs/promises'
import { drawTimeLine } from './time-line.ts'
import { PICTURES } from './pictures.ts'

/** The folder of the pictures. */
export const FOLDER = new URL('../../../../docs/pictures/', import.meta.url)

/** Writes all pictures. */
export async function writePictures(): Promise<void> {
  await mkdir(FOLDER, { recursive: true })
  for (const [name, picture] of Object.entries(PICTURES))
    await writeFile(new URL(`${name}.svg`, FOLDER), drawTimeLine(picture))
}
