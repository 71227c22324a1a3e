/** What who is not cleared is told of an import: that it came, what was counted of it and where, and nothing that quotes a document. */
import type { Clearance, ImportReport, ImportSummary, Remark } from '../../wire/mod.ts'

/**
 * Who looks at an import: a member with a clearance, or an upload token, whose holder has had the documents that came by it and sees of
 * others what the uncleared see.
 */
export type ImportViewer = Clearance | { uploadToken: string }

/** Stands where a reason would. */
const NOT_TOLD = 'not told: it may quote restricted fields, for which you are not cleared'

/** As that viewer may see it. */
export function summaryFor(viewer: ImportViewer, summary: ImportSummary): ImportSummary {
  if (seesAll(viewer, summary)) return summary
  const { fileName: _, contentType: __, sha256: ___, reason, ...told } = summary
  return { ...told, attributes: {}, masked: true, ...(reason && { reason: { ...reason, message: NOT_TOLD } }) }
}

/** The same with its refusals and warnings. */
export function reportFor(viewer: ImportViewer, report: ImportReport): ImportReport {
  if (seesAll(viewer, report)) return report
  const { refusals, remarks, ...summary } = report
  return { ...summaryFor(viewer, summary), refusals: refusals.map(masked), remarks: remarks.map(masked) }
}

function seesAll(viewer: ImportViewer, { token }: Pick<ImportSummary, 'token'>): boolean {
  return typeof viewer === 'string' ? viewer === 'restricted' : viewer.uploadToken === token
}

function masked({ line }: Remark): Remark {
  return { ...(line !== undefined && { line }), reason: NOT_TOLD }
}
