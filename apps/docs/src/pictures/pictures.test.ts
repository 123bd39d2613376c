import { readFile, readdir } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { drawTimeLine } from './time-line.ts'
import { PICTURES } from './pictures.ts'
import { FOLDER, writePictures } from './write-pictures.ts'

if (process.env.WRITE_PICTURES) await writePictures()

describe('the pictures of the documents', () => {
  test.each(Object.entries(PICTURES))('docs/pictures/%s.svg is drawn by this code', async (name, picture) => {
    const file = await readFile(new URL(`${name}.svg`, FOLDER), 'utf8')
    expect(file, 'write them: WRITE_PICTURES=1 npx vitest run src/pictures, in apps/docs').toBe(drawTimeLine(picture))
  })

  test('no other picture is in the folder', async () => {
    expect((await readdir(FOLDER)).toSorted()).toEqual(
      Object.keys(PICTURES)
        .map((name) => `${name}.svg`)
        .toSorted(),
    )
  })
})
