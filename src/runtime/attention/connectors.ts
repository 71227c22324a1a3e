/** Connectors that need a person: those that wait for an owner to approve them, and those whose last run failed. */
import type { AttentionLine } from '../attention.ts'
import type { RuntimeState } from '../open-state.ts'

/** One line for each, by ids alone: its name and site are for members of its data tenant, and so is how that is called. */
export async function connectorLines({ connectors }: Pick<RuntimeState, 'connectors'>): Promise<AttentionLine[]> {
  const { waiting, failed } = await connectors.store.needingSomebody()
  const called = ({ id, dataTenant }: { id: string; dataTenant: string }) =>
    `The connector ${id} of the data tenant ${dataTenant}`
  const cureOf = ({ id, dataTenant }: { id: string; dataTenant: string }) => ({
    label: 'Connector',
    href: `/datasets/${dataTenant}/~connectors/${id}`,
  })
  return [
    ...waiting.map(
      (one): AttentionLine => ({
        ...{ id: `connector.awaiting_approval ${one.id}`, state: 'awaiting-approval', word: 'awaiting approval' },
        ...{ what: `${called(one)} waits for an owner of this Runtime`, dataTenant: one.dataTenant },
        effect: 'It lends a credential to a site, and pulls nothing until that is approved.',
        ...{ cure: cureOf(one), sinceMs: one.createdAtMs },
      }),
    ),
    ...failed.map(
      (one): AttentionLine => ({
        ...{ id: `connector.failed ${one.id}`, state: 'failed', word: 'failed' },
        what: `The last run of ${called(one).replace('The', 'the')} failed (${one.code})`,
        dataTenant: one.dataTenant,
        effect: 'Its dataset is as old as the run before. It is tried again by its schedule.',
        ...{ cure: cureOf(one), sinceMs: one.endedAtMs },
      }),
    ),
  ]
}
