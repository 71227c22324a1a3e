/** Connectors that need a person: those that wait for an owner to approve them, and those whose last run failed. */
import { listDataTenants } from '../../datasets/mod.ts'
import type { AttentionLine } from '../attention.ts'
import type { RuntimeState } from '../open-state.ts'

/** One line for each, without its name or site: those are for members of its data tenant. */
export async function connectorLines({
  connectors,
  db,
}: Pick<RuntimeState, 'connectors' | 'db'>): Promise<AttentionLine[]> {
  const { waiting, failed } = await connectors.store.needingSomebody()
  if (waiting.length + failed.length === 0) return []
  const names = new Map<string, string>((await listDataTenants({ db })).map(({ id, name }) => [id, name]))
  const called = ({ id, dataTenant }: { id: string; dataTenant: string }) =>
    `The connector ${id} of the data tenant ${names.get(dataTenant) ?? dataTenant}`
  const cureOf = ({ id, dataTenant }: { id: string; dataTenant: string }) => ({
    label: 'Connector',
    href: `/datasets/${dataTenant}/~connectors/${id}`,
  })
  return [
    ...waiting.map(
      (one): AttentionLine => ({
        ...{ id: `connector.awaiting_approval ${one.id}`, state: 'awaiting-approval', word: 'awaiting approval' },
        what: `${called(one)} waits for an owner of this Runtime`,
        effect: 'It lends a credential to a site, and pulls nothing until that is approved.',
        ...{ cure: cureOf(one), sinceMs: one.createdAtMs },
      }),
    ),
    ...failed.map(
      (one): AttentionLine => ({
        ...{ id: `connector.failed ${one.id}`, state: 'failed', word: 'failed' },
        what: `The last run of ${called(one).replace('The', 'the')} failed (${one.code})`,
        effect: 'Its dataset is as old as the run before. It is tried again by its schedule.',
        ...{ cure: cureOf(one), sinceMs: one.endedAtMs },
      }),
    ),
  ]
}
