import { expect, test } from 'vitest'
import { ownerMetadata, ownerOf } from './partition-owner.ts'

test('the metadata of an offset names the owner', () => {
  for (const owner of ['group.1', 'a "quoted" id', '{"owner":"x"}', 'ünï', ''])
    expect(ownerOf(ownerMetadata(owner))).toBe(owner)
})

test('metadata of other programs names no owner', () => {
  for (const metadata of ['', 'text', '{', '{}', '{"owner":1}', '{"owner":null}', 'null', '[]', '"x"'])
    expect(ownerOf(metadata)).toBe('')
})

test('fields beside the owner are left alone', () => {
  expect(ownerOf('{"time":12,"owner":"me"}')).toBe('me')
})
