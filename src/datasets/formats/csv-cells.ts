/** What a cell of CSV looks like; only for telling a header from data, never for changing a value. */

const NUMBER = /^[+-]?(?:\d+(?:[.,]\d+)*|\.\d+)(?:[eE][+-]?\d+)?%?$/
const TIME = /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ]\d{1,2}:\d{2}.*)?$/
const TRUTH = /^(?:true|false|yes|no)$/i

/** The kind of a cell. */
export function cellKind(cell: string): 'empty' | 'number' | 'time' | 'truth' | 'text' {
  const text = cell.trim()
  if (text === '') return 'empty'
  // Longer than any number or time is.
  if (text.length > 64) return 'text'
  if (TIME.test(text)) return 'time'
  if (NUMBER.test(text)) return 'number'
  return TRUTH.test(text) ? 'truth' : 'text'
}
