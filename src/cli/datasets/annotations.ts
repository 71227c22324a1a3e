/** What was refused, as GitHub shows it beside the lines of the files: workflow commands (`::error file=…,line=…::…`). */
import { relative, resolve } from 'node:path'
import { printable } from '../../base/mod.ts'
import { remarksOf, type Said } from './import-lines.ts'

/** GitHub shows so many of each kind in one step and drops the rest. */
const EACH_MAX = 10

/** Lines to print where GitHub's runner reads them. `workspace`: the folder from which it counts paths. */
export function annotations(files: readonly { file: string; report: Said }[], workspace: string): string[] {
  const all = files.flatMap(({ file, report }) => remarksOf(report).map((remark) => ({ file, ...remark })))
  return (['error', 'warning'] as const).flatMap((level) =>
    all
      .filter((one) => one.level === level)
      .slice(0, EACH_MAX)
      .map(({ file, line, reason }) => {
        const place = [`file=${property(relative(workspace, resolve(file)))}`, ...(line ? [`line=${line}`] : [])]
        return `::${level} ${[...place, 'title=Sluice'].join(',')}::${message(reason)}`
      }),
  )
}

/** As the runner's own toolkit escapes them: nothing in a document can end the command or begin another. */
function message(text: string): string {
  return printable(text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A'))
}

function property(text: string): string {
  return message(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
