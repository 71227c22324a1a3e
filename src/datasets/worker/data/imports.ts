/** What became of the documents of one tenant, and those themselves as they came. */
import { type Bytes, fromBase64url } from '../../../base/mod.ts'
import type { Clearance, DatasetId, ImportId, ImportReport, ImportSummary, TakenHeader } from '../../../wire/mod.ts'
import { type ImportViewer, reportFor, summaryFor } from '../../classes/masked-import.ts'
import { DocumentNotKept, FieldRestricted, ImportNotFound } from '../../errors.ts'
import { objectPath, readObject } from '../../raw/objects.ts'
import type { TenantParts } from '../tenant-parts.ts'

/** What was uploaded, byte for byte. */
export type RawDocument = { fileName?: string; encoding: string; content: AsyncGenerator<Bytes, void> }

type ImportsPage = { before?: ImportId | undefined; limit: number; viewer: ImportViewer }

export type Imports = {
  /** What became of a document, as the viewer may see it. Refuses `import.not_found`, `dataset.not_found`. */
  import(dataset: DatasetId, id: ImportId, viewer: ImportViewer): Promise<ImportReport>
  /** A document as it came, compressed if it was. Refuses `import.not_found`, `import.document_not_kept`, `query.field_restricted`. */
  document(dataset: DatasetId, id: ImportId, clearance: Clearance): Promise<RawDocument>
  /** Those that were begun, as the viewer may see them, the newest first; `next`: what `before` is for the following page. */
  imports(dataset: DatasetId, page: ImportsPage): Promise<{ imports: ImportSummary[]; next?: ImportId }>
}

type Parts = Pick<TenantParts, 'ask' | 'access' | 'pass' | 'intake' | 'places'>

export function importsOf(parts: Parts): Imports {
  return {
    import: (dataset, id, viewer) => reportOf(parts, { dataset, id, viewer }),
    document: (dataset, id, clearance) => documentOf(parts, { dataset, id, clearance }),
    imports: (dataset, page) => pageOf(parts, dataset, page),
  }
}

function reportOf(
  { access, pass, intake }: Parts,
  { dataset, id, viewer }: { dataset: DatasetId; id: ImportId; viewer: ImportViewer },
): Promise<ImportReport> {
  const find = async () => (await access.ask('writer', 'find-import', { dataset, import: id })).report
  const waiting = async () => {
    const header = await (await intake.open()).waitingOf(dataset, id)
    return header && queued(header)
  }
  return pass(async () => {
    // It may have been imported while we looked at what waits.
    const report = (await find()) ?? (await waiting()) ?? (await find())
    if (!report) throw new ImportNotFound('there is no such import in this dataset')
    return reportFor(viewer, report)
  })
}

async function documentOf(
  parts: Parts,
  { dataset, id, clearance }: { dataset: DatasetId; id: ImportId; clearance: Clearance },
): Promise<RawDocument> {
  if (clearance !== 'restricted')
    throw new FieldRestricted('a document may hold restricted fields, for which you are not cleared')
  const { fileName } = await reportOf(parts, { dataset, id, viewer: clearance })
  const { found } = await parts.ask('writer', 'find-document', { dataset, import: id })
  if (!found) throw new DocumentNotKept('the document is not there as it came')
  const { encoding, content } = found
  const about = { encoding, ...(fileName !== undefined && { fileName }) }
  if ('document' in content) return { ...about, content: only(fromBase64url(content.document)) }
  const key = fromBase64url(content.objectKey)
  return { ...about, content: readObject(objectPath(parts.places.objects, id), { id, key }) }
}

async function pageOf(
  { ask }: Parts,
  dataset: DatasetId,
  { before, limit, viewer }: ImportsPage,
): ReturnType<Imports['imports']> {
  const about = { dataset, limit: limit + 1, ...(before !== undefined && { before }) }
  const { imports } = await ask('writer', 'imports', about)
  const page = imports.slice(0, limit)
  const last = page.at(-1)
  const told = page.map((one) => summaryFor(viewer, one))
  return { imports: told, ...(last && imports.length > limit && { next: last.id }) }
}

async function* only(bytes: Bytes): AsyncGenerator<Bytes, void> {
  yield bytes
}

function queued(header: TakenHeader): ImportReport {
  const { import: id, dataset, receivedAtMs, contentType, fileName, bytes, sha256, token, attributes } = header
  return {
    ...{ id, dataset, state: 'queued', receivedAtMs, bytes, sha256, attributes },
    ...(contentType !== undefined && { contentType }),
    ...(fileName !== undefined && { fileName }),
    ...(token !== undefined && { token }),
    ...{ rowsTaken: 0, rowsReplaced: 0, rowsRefused: 0, warnings: 0, refusals: [], remarks: [] },
  }
}
