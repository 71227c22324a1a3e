/** connectors: pulls from systems' APIs into datasets: types of connectors, their schedules, cursors and runs, and the process of one pull. */

export { approvalDigest, hostOf } from './approval.ts'
export { ConnectorDesk, SCHEDULE_LOOK_MS } from './connector-desk.ts'
export {
  CONNECTORS_MAX,
  type Connector,
  ConnectorStore,
  type NewConnector,
  type Run,
} from './connector-store.ts'
export type { ConnectorType } from './definition.ts'
export { ConnectorUnfit } from './errors.ts'
export type { ConnectorPorts, DatasetDoor, Ended } from './ports.ts'
export { connectorType, connectorTypes } from './types.ts'
export { CONNECTOR_WORKER_SUBCOMMAND, connectorAsker } from './worker/connector-process.ts'
export { runConnectorWorker } from './worker/run-connector-worker.ts'
