/** A dataset's records as a file, as the main process drives it: part by part, of which only the one that goes out is in memory. */
import { type Bytes, fromBase64url, utf8 } from '../../base/mod.ts'
import type { ExportFormat, ExportPart, ExportQuery, ExportStep } from '../../wire/mod.ts'
import { ExportsTooMany } from '../errors.ts'
import { ParquetFile } from './parquet-file.ts'

/** At once on a Runtime, each with a part of some MiB on its way out, of one data tenant, and of one of its members. */
export const EXPORTS_MAX = 8
export const EXPORTS_OF_TENANT_MAX = 2
const EXPORTS_OF_MEMBER_MAX = 1

export type Export = { format: ExportFormat; query: ExportQuery }

/** How many exports run, of whom. */
export class ExportsRunning {
  readonly #running = new Set<{ tenant: string; user: string }>()

  /** Ends with the returned function. Refuses `export.too_many`. */
  begin(tenant: string, user: string): () => void {
    const ofTenant = [...this.#running].filter((one) => one.tenant === tenant)
    // Whoever lets their own stand still holds up themselves, and nobody else of the data tenant.
    if (ofTenant.filter((one) => one.user === user).length >= EXPORTS_OF_MEMBER_MAX)
      throw new ExportsTooMany(
        `${EXPORTS_OF_MEMBER_MAX} export of yours runs already in this data tenant, as many as may`,
      )
    if (ofTenant.length >= EXPORTS_OF_TENANT_MAX)
      throw new ExportsTooMany(`${EXPORTS_OF_TENANT_MAX} exports of this data tenant run already, as many as may`)
    if (this.#running.size >= EXPORTS_MAX)
      throw new ExportsTooMany(`${EXPORTS_MAX} exports run already, as many as may`)
    const begun = { tenant, user }
    this.#running.add(begun)
    return () => void this.#running.delete(begun)
  }
}

/** `first`: the file's beginning, so that what would refuse it has done so; `rest` is asked for as it goes out, and ended. */
export type Exported = { first: Bytes; rest: AsyncGenerator<Bytes, void> }

/** `ask` is called for one part after another, and fails as a query does; `ended` once, however it ends. */
export async function beginExport(
  asked: Export,
  ask: (step: ExportStep) => Promise<ExportPart>,
  ended: () => void,
): Promise<Exported> {
  const rest = exportedBytes(asked, ask, ended)
  const { value } = await rest.next()
  return { first: value ?? new Uint8Array(), rest }
}

async function* exportedBytes(
  { format, query }: Export,
  ask: (step: ExportStep) => Promise<ExportPart>,
  ended: () => void,
): AsyncGenerator<Bytes, void> {
  try {
    const file = format === 'parquet' ? new ParquetFile() : undefined
    let step: ExportStep | undefined = { format, query, offset: file?.bytes ?? 0 }
    while (step) {
      const { columns, content, next, ...part }: ExportPart = await ask(step)
      const bytes = file ? file.add(fromBase64url(content), part) : utf8(content)
      if (bytes.byteLength > 0) yield bytes
      step = next && { format, query, columns, place: next, offset: file?.bytes ?? 0 }
    }
    if (file) yield file.end()
  } finally {
    ended()
  }
}
