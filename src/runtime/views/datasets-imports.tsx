/** What was uploaded to a dataset and what became of it: all documents, and one with what was wrong in it. */
import {
  Ago,
  ByteCount,
  Count,
  Facts,
  grouped,
  Id,
  Notice,
  State,
  Table,
  type TableRow,
  type View,
} from '../../web/mod.ts'
import { type ImportReport, type ImportState, type ImportSummary, REMARKS_MAX, type Reimport } from '../../wire/mod.ts'

import { ReimportShown } from './datasets-reimport.tsx'

const LOOKS = { queued: 'received', running: 'running', done: 'stopped', partly: 'late', refused: 'refused' } as const

/** What came of an import, by shape and word. */
export function ImportStateShown({ state }: { state: ImportState }): View {
  return <State state={LOOKS[state]} word={state} />
}

/** What came of it, whether its document is being read again, or is no longer kept. */
function StateOf({ state, reimport, documentGoneAtMs }: ImportSummary): View {
  return (
    <>
      <ImportStateShown state={state} />
      {reimport && <span class="help">{reimport === 'waiting' ? ' to be read again' : ' being read again'}</span>}
      {documentGoneAtMs !== undefined && <span class="help"> document no longer kept</span>}
    </>
  )
}

export type ImportsProps = {
  imports: readonly ImportSummary[]
  /** Where the older ones begin. */
  next: string | undefined
  /** Names of upload tokens by id, for who may see them. */
  tokens: ReadonlyMap<string, string>
  /** The last re-import. */
  reimport: Reimport | undefined
  /** Of the dataset's pages. */
  path: string
  nowMs: number
}

export function ImportsPage({ imports, next, tokens, reimport, path, nowMs }: ImportsProps): View {
  return (
    <>
      {reimport && <ReimportShown {...{ reimport, nowMs }} />}
      <Table
        id="imports"
        title="Imports"
        columns={[
          { title: 'Document' },
          { title: 'State' },
          { title: 'Taken', numeric: true },
          { title: 'Refused', numeric: true },
          { title: 'Warnings', numeric: true },
          { title: 'Size', numeric: true },
          { title: 'Received' },
          { title: 'By' },
        ]}
        rows={imports.map((one) => rowOf(one, { tokens, path, nowMs }))}
        empty="Nothing was uploaded yet. A document that was taken stands here as soon as its import begins."
      />
      {next !== undefined && (
        <nav class="acts" aria-label="Pages of imports">
          <a class="button quiet" href={`${path}/imports?before=${next}`}>
            Older imports
          </a>
        </nav>
      )}
    </>
  )
}

function rowOf(one: ImportSummary, { tokens, path, nowMs }: Pick<ImportsProps, 'tokens' | 'path' | 'nowMs'>): TableRow {
  return {
    href: `${path}/imports/${one.id}`,
    cells: [
      one.fileName ?? one.format ?? 'without a name',
      <StateOf {...one} />,
      <Count value={one.rowsTaken} />,
      <Count value={one.rowsRefused} />,
      <Count value={one.warnings} />,
      <ByteCount value={one.bytes} />,
      <Ago at={one.receivedAtMs} now={nowMs} />,
      <By token={one.token} tokens={tokens} />,
    ],
  }
}

function By({ token, tokens }: { token: string | undefined; tokens: ReadonlyMap<string, string> }): View {
  if (token === undefined) return <span>a person</span>
  const name = tokens.get(token)
  return name === undefined ? <Id value={token} label="token id" /> : <span>{name}</span>
}

/** `document`: where it is as it came, for who may have it. */
export function ImportPage(
  props: Pick<ImportsProps, 'tokens' | 'nowMs'> & { report: ImportReport; document: string | undefined },
): View {
  const { report, tokens, nowMs, document } = props
  const { reason, refusals, remarks, attributes } = report
  return (
    <>
      {report.masked && (
        <Notice kind="warn">
          You are not cleared for restricted fields: the document’s name, what its upload said and the reasons are not
          told. An owner of the data tenant gives the clearance.
        </Notice>
      )}
      {reason && (
        <Notice kind="bad">
          <p>
            {reason.line !== undefined && `Line ${grouped(reason.line)}: `}
            {reason.message} (<code>{reason.code}</code>)
          </p>
        </Notice>
      )}
      <section class="card form" aria-label="Facts">
        <Facts
          rows={[
            ['State', <StateOf {...report} />],
            ['Received', <Ago at={report.receivedAtMs} now={nowMs} />],
            ...(report.endedAtMs === undefined ? [] : [['Ended', <Ago at={report.endedAtMs} now={nowMs} />] as const]),
            ['Rows taken', takenWords(report)],
            ['Rows refused', grouped(report.rowsRefused)],
            ['Warnings', grouped(report.warnings)],
            ['Format', report.format ?? 'not known'],
            ['Size', <ByteCount value={report.bytes} />],
            ['By', <By token={report.token} tokens={tokens} />],
            ...Object.entries(attributes).map(([name, value]) => [name, <span class="break">{value}</span>] as const),
            ...(report.sha256 === undefined ? [] : [['SHA-256', <code class="break">{report.sha256}</code>] as const]),
            ['Import', <Id value={report.id} label="id of the import" />],
            ...goneWords(report),
            ...(report.reimportedAtMs === undefined
              ? []
              : [['Read again', <Ago at={report.reimportedAtMs} now={nowMs} />] as const]),
            ...(document === undefined ? [] : [['Document', <a href={document}>as it came</a>] as const]),
          ]}
        />
      </section>
      {report.rowsRefused > 0 && <Remarks id="refusals" title="Refused" all={report.rowsRefused} remarks={refusals} />}
      {report.warnings > 0 && (
        <Remarks id="warnings" title="Taken with a warning" all={report.warnings} remarks={remarks} />
      )}
    </>
  )
}

/** What is no longer there of it. */
function goneWords({ erasedAtMs, documentGoneAtMs, recordsGoneAtMs }: ImportReport): [string, string][] {
  const why = erasedAtMs === undefined ? 'no longer kept: it was too old' : 'erased'
  const isGone = erasedAtMs !== undefined || documentGoneAtMs !== undefined
  return [
    ...(isGone ? ([['Document', why]] satisfies [string, string][]) : []),
    ...(recordsGoneAtMs === undefined
      ? []
      : ([['Records', 'no longer kept: they were too old']] satisfies [string, string][])),
  ]
}

function takenWords({ rowsTaken, rowsReplaced }: ImportReport): string {
  return rowsReplaced === 0
    ? grouped(rowsTaken)
    : `${grouped(rowsTaken)}, of which ${grouped(rowsReplaced)} took the place of earlier ones`
}

function Remarks(props: { id: string; title: string; all: number; remarks: ImportReport['refusals'] }): View {
  const { id, title, all, remarks } = props
  return (
    <>
      <Table
        id={id}
        title={title}
        feed
        columns={[{ title: 'Line', numeric: true }, { title: 'Reason' }]}
        rows={remarks.map(({ line, reason }) => ({ cells: [line === undefined ? '–' : grouped(line), reason] }))}
      />
      {all > remarks.length && <p class="help">{`The first ${grouped(REMARKS_MAX)} of ${grouped(all)} are kept.`}</p>}
    </>
  )
}
