/** The connectors of a Runtime, joined to its data, its vault and its owner's rules. */
import { type Clock, logOf, type Random } from '../../base/mod.ts'
import {
  ConnectorDesk,
  type ConnectorPorts,
  ConnectorStore,
  connectorAsker,
  type DatasetDoor,
  type Ended,
} from '../../connectors/mod.ts'
import { type DataDesk, SHAPES, type TenantData } from '../../datasets/mod.ts'
import type { Vault } from '../../keys/mod.ts'
import type { Database, RuntimeSchema } from '../../store/mod.ts'
import { type DatasetId, type ImportReport, KNOWN_KEYS_MAX } from '../../wire/mod.ts'
import type { RuntimeConfig } from '../config.ts'
import type { OwnerRules } from '../policy/owner-rules.ts'
import { allowsHost } from '../policy/rules.ts'

export type ConnectorsDeps = {
  db: Database<RuntimeSchema>
  datasets: Pick<DataDesk, 'of'>
  vault: Pick<Vault, 'find' | 'use'>
  rules: Pick<OwnerRules, 'policy'>
  worker: RuntimeConfig['worker']
  clock: Clock
  random: Random
}

/** Runs nothing by itself until its `tick` is called. To be closed before the datasets are. */
export async function openConnectors({
  db,
  datasets,
  vault,
  rules,
  worker,
  clock,
  random,
}: ConnectorsDeps): Promise<ConnectorDesk> {
  const log = logOf('connectors')
  const ports: ConnectorPorts = {
    door: (tenant, dataset) => doorOf(datasets.of(tenant), dataset),
    lend: async (name) => vault.use((await vault.find(name)).id, async (secret) => ({ ...secret })),
    kindOf: async (name) => (await vault.find(name)).kind,
    allowsHost: (host) => allowsHost(rules.policy, host),
  }
  const ask = connectorAsker({ env: {}, ...worker, clock, log })
  const desk = new ConnectorDesk({ ports, ask, clock, log, store: new ConnectorStore({ db, clock, random }) })
  await desk.start()
  return desk
}

/** What is pulled enters as an upload does. */
function doorOf(data: TenantData, dataset: DatasetId): DatasetDoor {
  return {
    take: ({ attributes, ...document }) => data.take(dataset, { ...document, attributes: { ...attributes } }),
    ended: async (id) => endedOf(await data.import(dataset, id, 'public')),
    async knownKeys(field, value, after) {
      const { key } = SHAPES[(await data.dataset(dataset)).shape]
      if (!key || !('field' in key)) return { keys: [] }
      const page = { where: [{ field, is: 'eq' as const, value }], sort: [{ field: key.field }], fields: [key.field] }
      const { rows, next } = await data.query(
        dataset,
        { ...page, limit: KNOWN_KEYS_MAX, ...(after !== undefined && { after }) },
        'restricted',
      )
      return { keys: rows.map(([one]) => String(one)), ...(next !== undefined && { next }) }
    },
  }
}

function endedOf({ endedAtMs, rowsTaken, rowsReplaced, rowsRefused, reason }: ImportReport): Ended | undefined {
  if (endedAtMs === undefined) return undefined
  return {
    rowsTaken,
    rowsReplaced,
    rowsRefused,
    ...(reason && { failure: { code: reason.code, message: reason.message } }),
  }
}
