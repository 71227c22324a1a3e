/** Connectors and their runs as the API answers them: instants as RFC 3339, what is not known as null. */
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import { type Connector, type ConnectorDesk, hostOf, type Run } from '../../connectors/mod.ts'

const instant = v.nullable(v.string())
const count = v.number()
const ToldJson = v.object({ code: v.string(), message: v.string(), advice: v.optional(v.string()) })

export const RunJson = v.object({
  ...{ id: v.string(), state: v.picklist(['running', 'done', 'partly', 'failed', 'stopped', 'cut-off']) },
  /** Null: by its schedule. */
  ...{ startedBy: v.nullable(v.string()), startedAt: v.string(), endedAt: instant },
  ...{ pages: count, bytes: count, records: count, removed: count },
  ...{ rowsTaken: count, rowsReplaced: count, rowsRefused: count },
  ...{ failure: v.nullable(ToldJson), warnings: v.array(ToldJson) },
})

export const ConnectorJson = v.object({
  ...{ id: v.string(), name: v.string(), type: v.string(), dataset: v.string(), host: v.string() },
  ...{ config: v.unknown(), credential: v.nullable(v.string()), network: v.picklist(['public', 'private']) },
  ...{ cron: v.nullable(v.string()), timeZone: v.string(), nextRunAt: instant },
  /** `awaiting-approval`: no owner of this Runtime has agreed to its site and credential as they are now. */
  state: v.picklist(['awaiting-approval', 'running', 'paused', 'ready']),
  ...{ approvedBy: v.nullable(v.string()), approvedAt: instant },
  ...{ createdBy: v.string(), createdAt: v.string() },
  lastRun: v.nullable(RunJson),
})

export async function connectorAsJson(
  desk: ConnectorDesk,
  connector: Connector,
): Promise<v.InferInput<typeof ConnectorJson>> {
  const { id, name, type, dataset, config, credential, network, cron, timeZone, createdBy, createdAtMs } = connector
  const [last] = await desk.store.runs(id, { limit: 1 })
  const isApproved = await desk.isApproved(connector)
  const approval = isApproved ? connector : { approvedBy: null, approvedAtMs: null }
  return {
    ...{ id, name, type, dataset, host: hostOf(connector), config, credential, network, cron, timeZone, createdBy },
    nextRunAt: instantOf(isApproved ? desk.nextRunMs(connector) : undefined),
    state: desk.isRunning(id) ? 'running' : !isApproved ? 'awaiting-approval' : connector.paused ? 'paused' : 'ready',
    ...{
      approvedBy: approval.approvedBy,
      approvedAt: instantOf(approval.approvedAtMs),
      createdAt: rfc3339(createdAtMs),
    },
    lastRun: last ? runAsJson(last) : null,
  }
}

export function runAsJson({ startedAtMs, endedAtMs, ...run }: Run): v.InferInput<typeof RunJson> {
  const { failure, warnings } = run
  return { ...run, failure, warnings: [...warnings], startedAt: rfc3339(startedAtMs), endedAt: instantOf(endedAtMs) }
}

function instantOf(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : rfc3339(ms)
}
