/** docs/errors.md: every code that Sluice can answer with, found in the text of the sources. */
import { AppError, type ErrorKind } from '../../src/base/mod.ts'
import { EXIT_CODES, EXIT_ROWS_REFUSED } from '../../src/cli/exit.ts'
import { problemOf } from '../../src/web/mod.ts'
import type { SourceFile } from '../source-files.ts'
import { GENERATED, page, table } from './markdown.ts'

type ErrorClass = {
  code: string
  kind: ErrorKind
  name: string
  /** The class's own comment; empty where it has none. */
  summary: string
  /** What to do; empty where the code gives none, or makes it up at run time. */
  advice: string
  path: string
}

const CLASS =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?(?:export )?class (\w+) extends (?:AppError|DocumentRefused) \{\n([\s\S]*?)\n\}/g
const CODE = /\bcode = '([a-z0-9_.]+)' as const/
const KIND = /\bkind = '(\w+)' as const/
/** A string in either quote, on the line of its name or on the next. */
const ADVICE = /\badvice =\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/

/** Where a code stands that is no class's: behind `code:`, `code =` or `??`; faults of records are also given back alone. */
const REASON =
  /(?:\b\w*[cC]ode(?::| =)|\?\?) ['`]([a-z0-9_]+\.[a-z0-9_.]*)(['$])|['`]((?:csv|json_lines)\.[a-z_]+)(['$])/g

/** The classes of named errors in those sources, by code. */
export function errorClasses(files: readonly SourceFile[]): ErrorClass[] {
  const found = files.flatMap(({ path, text }) =>
    [...text.matchAll(CLASS)].flatMap(([, comment = '', name = '', body = '']): ErrorClass[] => {
      const code = CODE.exec(body)?.[1]
      if (code === undefined) return []
      const advice = ADVICE.exec(body)
      return [
        {
          code,
          kind: (KIND.exec(body)?.[1] ?? 'invalid') as ErrorKind,
          name,
          summary: comment
            .replace(/^\s*\*/gm, ' ')
            .replace(/\s+/g, ' ')
            .trim(),
          advice: (advice?.[1] ?? advice?.[2] ?? '').replace(/\\(.)/g, '$1'),
          path,
        },
      ]
    }),
  )
  return found.sort((a, b) => (a.code < b.code ? -1 : 1))
}

/** Codes of reasons and findings that are no error's own: what an answer, a dead letter or a lint carries; `…` is filled in at run time. */
export function reasonCodes(files: readonly SourceFile[]): { code: string; paths: string[] }[] {
  const named = new Set(errorClasses(files).map(({ code }) => code))
  const places = new Map<string, Set<string>>()
  for (const { path, text } of files) {
    for (const [, code, end, fault = '', faultEnd] of text.matchAll(REASON)) {
      const whole = `${code ?? fault}${(end ?? faultEnd) === '$' ? '…' : ''}`
      if (!named.has(whole)) places.set(whole, (places.get(whole) ?? new Set()).add(path))
    }
  }
  return [...places].sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, paths]) => ({ code, paths: [...paths] }))
}

class Sample extends AppError {
  override readonly code = 'sample.of_a_kind' as string
  override readonly kind: ErrorKind
  constructor(kind: ErrorKind) {
    super('a sample')
    this.kind = kind
  }
}

function kinds(): string {
  const rows = Object.entries(EXIT_CODES).map(([kind, exit]) => {
    const { status, title } = problemOf(new Sample(kind as ErrorKind))
    return [`\`${kind}\``, String(exit), String(status), title]
  })
  return table(['kind', 'exit code', 'HTTP status', 'title of the problem'], rows)
}

function sourceLink(path: string, text: string): string {
  return `[${text}](../${path})`
}

export function errorsPage(files: readonly SourceFile[]): string {
  const classes = errorClasses(files).map(({ code, kind, name, summary, advice, path }) => [
    `\`${code}\``,
    kind,
    sourceLink(path, name),
    summary,
    advice,
  ])
  const reasons = reasonCodes(files).map(({ code, paths }) => [
    `\`${code}\``,
    paths.map((path) => sourceLink(path, path.replace(/^src\//, ''))).join(', '),
  ])
  return page(
    '# Errors',
    GENERATED,
    [
      'Every failure has a stable code. The command prints it on one line and leaves with the exit code of its kind; a server',
      'answers with problem details (RFC 9457) that carry it. Texts may change, codes do not.',
    ].join('\n'),
    kinds(),
    'Some codes have a closer HTTP status: `request.too_large` and `library.too_large` 413, `request.media_type` 415, `request.invalid` 422.',
    `\`upload.rows_refused\` leaves the command with ${EXIT_ROWS_REFUSED}.`,
    '## By code',
    table(['code', 'kind', 'class', 'when', 'what to do'], classes),
    '## Reasons and findings',
    [
      'These stand in the answers of Runtimes, in the states of deployments and components, in dead letters and in the findings',
      'of `sluice blueprint lint`. An `…` is filled in at run time: with what is added, or with the code of the library that complained.',
    ].join('\n'),
    table(['code', 'where'], reasons),
  )
}
