/** How many documents of all data tenants wait to be imported: main remembers each, and no tenant takes the room of all others. */
import { UploadNoRoom } from '../errors.ts'

/** 400,000 × ~200 B = 80 MB, if all is full. */
export const WAITING_MAX = 400_000
/** A quarter of that. */
export const WAITING_OF_TENANT_MAX = 100_000
/** What every tenant may have whatever others have: of 1,000 tenants 100,000 more. */
export const WAITING_OF_TENANT_FREE = 100

export class WaitingRoom {
  #all = 0

  /** One more of a tenant that has `own`. Refuses `upload.no_room`. */
  enter(own: number): void {
    const isFull = own >= WAITING_OF_TENANT_MAX || (this.#all >= WAITING_MAX && own >= WAITING_OF_TENANT_FREE)
    if (isFull) throw new UploadNoRoom('uploads wait to be imported, as many as may')
    this.#all++
  }

  /** So many that waited when their journal was opened: they are acknowledged. */
  found(count: number): void {
    this.#all += count
  }

  /** So many wait no more, or not in memory. */
  leave(count: number): void {
    this.#all -= count
  }
}
