/**
 * What a text has to be before SQLite compiles any of it: some statements act while they are compiled, PRAGMA among them. Which tables and
 * functions it names is not judged here but by what it compiles to.
 */
import { SqlInvalid, SqlNotAllowed } from '../errors.ts'

/** As SQLite's own tokenizer has it: blanks, comments, quoted texts and names, the end of a statement, anything else. */
const TOKEN =
  /(?<blank>[ \t\n\f\r\ufeff]+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<end>;)|'[^']*(?:''[^']*)*'?|"[^"]*(?:""[^"]*)*"?|`[^`]*(?:``[^`]*)*`?|\[[^\]]*\]?|[^ \t\n\f\r\ufeff;'"`[]/gy
const BEGINS = /(?:select|with|values)(?![\w$])/iy

/** The one statement, without what stands around it. Refuses `sql.invalid`, `sql.not_allowed`. */
export function oneQuestion(sql: string): string {
  if (sql.includes('\0')) throw new SqlInvalid('there is a NUL character in it')
  let [begin, end, isOver] = [-1, 0, false]
  for (const { 0: token, index, groups } of sql.matchAll(TOKEN)) {
    if (groups?.['blank'] !== undefined) continue
    const isEnd = groups?.['end'] !== undefined
    if (isEnd && begin >= 0) isOver = true
    else if (isOver) throw new SqlNotAllowed('there are several statements; ask one at a time')
    else {
      if (begin < 0) demandBeginning(sql, index)
      if (begin < 0) begin = index
      if (token.startsWith("'") && isBytes(sql, index)) throw new SqlNotAllowed("bytes written as x'…' are not taken")
      end = index + token.length
    }
  }
  if (begin < 0) throw new SqlInvalid('there is no statement in it')
  return sql.slice(begin, end)
}

function demandBeginning(sql: string, at: number): void {
  BEGINS.lastIndex = at
  if (!BEGINS.test(sql)) throw new SqlNotAllowed('a question begins with SELECT, WITH or VALUES; nothing else is taken')
}

/** A plan quotes them as if they were text, and the driver ends the process over one that is no UTF-8. */
function isBytes(sql: string, at: number): boolean {
  return /(?<![\w$\u0080-\uffff])x$/i.test(sql.slice(Math.max(0, at - 2), at))
}
