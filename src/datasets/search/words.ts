/**
 * What people type to search: words, `"several in a row"`, and `begin*`. Each must occur. Nothing of it ever is part of the syntax of a
 * full-text query: every word is quoted.
 */
import { QueryInvalid } from '../errors.ts'

/** `isBeginning`: of a word, not the whole. */
export type Word = { text: string; isBeginning: boolean }

/** Each is looked up by itself. */
export const WORDS_MAX = 16
/** A shorter beginning would gather a large part of all words. */
const BEGINNING_CHARS_MIN = 2

const WORDS = /"([^"]*)(?:"(\*)?|$)|[^\s"]+/g
/** Anything else stands between words. */
const WORD_CHARACTER = /[\p{L}\p{N}\p{Co}]/u

/** The words of a text that somebody typed. Refuses `query.invalid`. */
export function wordsOf(typed: string): Word[] {
  const words = [...typed.replaceAll('\0', ' ').matchAll(WORDS)].flatMap(([bare, quoted, star]): Word[] => {
    const isBeginning = quoted === undefined ? bare.endsWith('*') : star !== undefined
    const text = quoted ?? (isBeginning ? bare.replace(/\*+$/, '') : bare)
    return text.trim() === '' ? [] : [{ text, isBeginning }]
  })
  if (words.length > WORDS_MAX) throw new QueryInvalid(`a search has ${WORDS_MAX} words at most`)
  return words
}

/** As FTS5 takes it, in these columns alone: phrases beside one another must all occur, each in one of them. Refuses `query.invalid` for what has no word in it. */
export function matchOf(words: readonly Word[], columns: readonly string[]): string {
  const real = words.filter(({ text }) => WORD_CHARACTER.test(text))
  if (real.length === 0) throw new QueryInvalid('the search has no word: expected letters or digits')
  const short = real.find(
    ({ text, isBeginning }) => isBeginning && Array.from(text.trim()).length < BEGINNING_CHARS_MIN,
  )
  if (short) throw new QueryInvalid(`the beginning of a word has ${BEGINNING_CHARS_MIN} characters at least`)
  const quoted = real.map(({ text, isBeginning }) => `"${text.replaceAll('"', '""')}"${isBeginning ? ' *' : ''}`)
  return `{${columns.join(' ')}} : (${quoted.join(' ')})`
}
