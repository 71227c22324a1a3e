/** What comes in to one tenant: documents taken whole, and in pieces. */
import { newId } from '../../../base/mod.ts'
import type { DatasetId, ImportId } from '../../../wire/mod.ts'
import { dropHeld, type Held, holdDocument, type Taken } from '../../intake/taken.ts'
import { PartialUploads } from '../../partial/partial-uploads.ts'
import type { TenantParts } from '../tenant-parts.ts'

export type Uploads = {
  /**
   * Takes a document for import; resolves when it is durable. `again`: its idempotency key was known, and this is the import of then.
   * Refuses `dataset.not_found`, `upload.no_room`, `upload.too_large`, `upload.idempotency_key_reused`, host errors of the disk.
   */
  take(dataset: DatasetId, document: Taken): Promise<{ import: ImportId; again: boolean }>
  /** Uploads that come in pieces. */
  readonly partial: Pick<PartialUploads, 'begin' | 'find' | 'append' | 'remove'>
}

type Parts = Pick<TenantParts, 'ask' | 'pass' | 'demand' | 'known' | 'intake' | 'places' | 'clock' | 'random'>

export function uploadsOf(parts: Parts): Uploads & { partial: PartialUploads } {
  const { ask, places, clock, random } = parts
  const take: Uploads['take'] = (dataset, document) => takeDocument(parts, dataset, document)
  return { take, partial: new PartialUploads({ folder: places.partial, access: { ask }, take, clock, random }) }
}

async function takeDocument(parts: Parts, dataset: DatasetId, document: Taken): ReturnType<Uploads['take']> {
  const { pass, demand, known, intake, places, clock, random } = parts
  await pass(() => known.demand(dataset))
  const id = newId('imp', clock, random)
  intake.underWay.add(id)
  try {
    // Not within the gate: its sender may be slow, and whoever wants to be alone would wait for it, and all others for them.
    const held = await holdDocument(document, { objects: places.objects, id, random }).catch(async (error) => {
      intake.sweepNext()
      // Its folder goes with the tenant, and what is told then is that.
      await demand()
      throw error
    })
    const drop = () => dropHeld(places.objects, id, held)
    const taken = await takeHeld(parts, dataset, { id, taken: document, held }).catch(async (error) => {
      // Its folder may have gone with the tenant; what cannot be removed now is swept when the journal is opened next.
      await drop().catch(() => intake.sweepNext())
      throw error
    })
    if (taken.again) await drop()
    return taken
  } finally {
    intake.underWay.delete(id)
  }
}

function takeHeld(
  { pass, known, intake }: Parts,
  dataset: DatasetId,
  come: { id: ImportId; taken: Taken; held: Held },
): ReturnType<Uploads['take']> {
  return pass(async () => {
    // It may have gone while the document came in.
    await known.demand(dataset)
    return (await intake.open()).take(dataset, come)
  })
}
