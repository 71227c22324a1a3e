/** What main can do with the data of one tenant. A handle is made for that tenant, and can name no other. */
import { type Datasets, datasetsOf } from './data/datasets.ts'
import { type Imports, importsOf } from './data/imports.ts'
import { type Indexes, indexesOf } from './data/indexes.ts'
import { type Keeping, keepingOf } from './data/keeping.ts'
import { type Records, recordsOf } from './data/records.ts'
import { type Reimports, reimportsOf } from './data/reimports.ts'
import type { Uploads } from './data/uploads.ts'
import { type Views, viewsOf } from './data/views.ts'
import type { TenantParts } from './tenant-parts.ts'

/** The data of one tenant. Every method refuses `data_tenant.not_found` when there is no such tenant. */
export type TenantData = Datasets & Uploads & Imports & Records & Views & Indexes & Keeping & Reimports

export function tenantData(parts: TenantParts, uploads: Uploads): TenantData {
  return {
    ...{ ...datasetsOf(parts), ...uploads, ...importsOf(parts), ...recordsOf(parts) },
    ...{ ...viewsOf(parts), ...indexesOf(parts), ...keepingOf(parts), ...reimportsOf(parts) },
  }
}
