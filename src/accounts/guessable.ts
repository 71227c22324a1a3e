/**
 * Passwords that are tried first by whoever guesses (NIST SP 800-63B, 5.1.1.2): common words, repetitions, runs over an alphabet or a
 * keyboard, and what has the user's own name in it. Rules in place of a long list: with twelve characters, what is common is a
 * common word with something behind it.
 */
import words from './common-words.txt' with { type: 'text' }

const COMMON = new Set(words.split(/\s+/).filter((word) => word !== ''))
const WORD_LENGTH_MAX = Math.max(...[...COMMON].map(({ length }) => length))
/** So many words of the list and nothing else but digits and signs are refused: three and more are many to try. */
const COMMON_WORDS_MAX = 2
/** A name of three letters stands in many a word by chance. */
const NAME_LENGTH_MIN = 4
/** Places where a run begins: `abcdefgh1234` has two. */
const RUNS_MAX = 3

const ROWS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'qwertzuiop',
  'azertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'yxcvbnm',
]
const COLUMNS = '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p'
const NEXT = new Set(
  [...ROWS, COLUMNS].flatMap((row) =>
    [...row].slice(1).flatMap((after, at) => [`${row[at]}${after}`, `${after}${row[at]}`]),
  ),
)
/** Signs and digits that stand for the letters they look like. */
const LOOKS_LIKE: Readonly<Record<string, string>> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '1': 'i',
  '!': 'i',
  '0': 'o',
  $: 's',
  '5': 's',
  '7': 't',
}

/** Why a password is refused, in words; `undefined` for one that nobody tries first. `userName` as it is stored, in lower case. */
export function whyGuessable(password: string, userName: string): string | undefined {
  const plain = password.normalize('NFKC').toLowerCase()
  if (plain === userName || namesIn(userName).some((name) => plain.includes(name)))
    return 'the password has the name of the user in it'
  if (isRepeated(plain)) return 'the password is the same again and again'
  if (isRun(plain)) return 'the password is a run of neighbouring letters or digits'
  if (isCommon(plain)) return 'the password is a common word, and one of the first that are tried'
  return undefined
}

/** The name, and of a mail address what stands before its sign. */
function namesIn(userName: string): string[] {
  return [userName, userName.split('@')[0] ?? ''].filter(({ length }) => length >= NAME_LENGTH_MIN)
}

function isRepeated(text: string): boolean {
  const characters = [...text]
  for (let period = 1; period * 2 <= characters.length; period++) {
    if (characters.every((character, at) => at < period || character === characters[at - period])) return true
  }
  return false
}

function isRun(text: string): boolean {
  const characters = [...text]
  const begins = characters.filter((character, at) => {
    const before = characters[at - 1]
    return before === undefined || (before !== character && !NEXT.has(`${before}${character}`))
  })
  return begins.length <= RUNS_MAX
}

function isCommon(text: string): boolean {
  const asLetters = (part: string) => [...part].map((character) => LOOKS_LIKE[character] ?? character).join('')
  // What stands behind a word is seldom a letter of it: `p4ssword2025`.
  return [text, asLetters(text), asLetters(text.replace(/[^\p{L}]+$/u, ''))].some((form) => {
    const letters = form.replace(/[^\p{L}]/gu, '')
    return letters.length > 0 && letters.length <= COMMON_WORDS_MAX * WORD_LENGTH_MAX && isOf(letters, COMMON_WORDS_MAX)
  })
}

/** Whether it is at most so many words of the list, one behind the other. */
function isOf(letters: string, wordsMax: number): boolean {
  if (letters === '') return true
  if (wordsMax === 0) return false
  for (let length = Math.min(letters.length, WORD_LENGTH_MAX); length > 0; length--) {
    if (COMMON.has(letters.slice(0, length)) && isOf(letters.slice(length), wordsMax - 1)) return true
  }
  return false
}
