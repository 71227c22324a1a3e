/** A Runtime's management host whose connectors wait for sites in a hurry. */
import { fileURLToPath } from 'node:url'
import { type ManagementHost, managementHost } from './runtime/management-host.ts'

const entry = fileURLToPath(new URL('./connector-entry.ts', import.meta.url))

export function connectorHost(given: Parameters<typeof managementHost>[0] = {}): Promise<ManagementHost> {
  return managementHost({ ...given, config: { worker: { entry }, ...given.config } })
}
