/** Which datasets a tenant has: asked once, so that an upload need not ask for each document. */
import type { DatasetId } from '../../wire/mod.ts'
import { DatasetNotFound } from '../errors.ts'
import type { TenantAccess } from './tenant-access.ts'

export class KnownDatasets {
  readonly #access: Pick<TenantAccess, 'ask'>
  #ids: Promise<Set<DatasetId>> | undefined

  constructor(access: Pick<TenantAccess, 'ask'>) {
    this.#access = access
  }

  /** Refuses `dataset.not_found`. */
  async demand(id: DatasetId): Promise<void> {
    if (!(await this.#all()).has(id)) throw new DatasetNotFound('there is no such dataset in this data tenant')
  }

  /** Asked anew: a worker that is gone before it replies may have committed before. */
  forget(): void {
    this.#ids = undefined
  }

  #all(): Promise<Set<DatasetId>> {
    this.#ids ??= this.#access.ask('writer', 'datasets', {}).then(
      ({ datasets }) => new Set(datasets.map(({ id }) => id)),
      (error) => {
        this.forget()
        throw error
      },
    )
    return this.#ids
  }
}
