/** Where the data of tenants lies: a database and a folder for each, under its opaque id, below `data` in the data folder. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DataTenantId } from '../../wire/mod.ts'

/** The folder of all of it, in a Runtime's data folder. */
export const DATA_FOLDER = 'data'
/** A segment's head is 48 bytes, and what stands behind it at least as many. */
const EMPTY_SEGMENT_BYTES_MAX = 64

/** `own`: the tenant's folder, with its journal of uploads, the files of its large documents, pieces of what is still to come, and the mark of a re-import. */
export type TenantPlaces = { own: string; journal: string; objects: string; partial: string; reimport: string }

export function tenantPlaces(folder: string, tenant: DataTenantId): TenantPlaces {
  const own = join(folder, tenant)
  const below = { journal: join(own, 'intake'), objects: join(own, 'raw'), partial: join(own, 'partial') }
  return { own, ...below, reimport: join(own, 'reimport') }
}

/** Whether something may wait: a re-import, or in the journal, which then has more than one segment, or one that is not empty. */
export async function mayWait({ journal, reimport }: TenantPlaces): Promise<boolean> {
  if (await stat(reimport).catch(() => undefined)) return true
  const names = (await readdir(journal).catch(() => [])).filter((name) => name.endsWith('.journal'))
  const [only, another] = names
  if (another !== undefined) return true
  return only !== undefined && (await stat(join(journal, only))).size > EMPTY_SEGMENT_BYTES_MAX
}

const OWNED = /^(dt_[0-9a-f-]{36})(\.\d+)?(\.db(-wal|-shm|-journal)?)?$/

/** The tenants that something in the folder belongs to. */
export async function tenantsIn(folder: string): Promise<Set<DataTenantId>> {
  const names = await readdir(folder).catch(() => [])
  return new Set(names.flatMap((name) => OWNED.exec(name)?.[1] ?? []) as DataTenantId[])
}
