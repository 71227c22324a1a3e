import { expect, test } from 'bun:test'
import { nearestWord } from '../../src/base/mod.ts'

test('nearestWord() finds the word behind a letter left out, added, swapped or wrong', () => {
  const words = ['csv_file', 'json_lines_file', 'map', 'filter']
  expect(
    ['csv_fil', 'csvv_file', 'csv_flie', 'csv-file', 'flter', 'CSV_FILE'].map((word) => nearestWord(word, words)),
  ).toEqual(['csv_file', 'csv_file', 'csv_file', 'csv_file', 'filter', 'csv_file'])
})

test('nearestWord() suggests nothing for a word that resembles none, or for one of absurd length', () => {
  expect(nearestWord('postgres', ['map', 'filter'])).toBeUndefined()
  expect(nearestWord('m'.repeat(10_000), ['m'.repeat(9_999)])).toBeUndefined()
})
