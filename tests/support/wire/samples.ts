/** One valid example of every payload, for tests and vectors. */
import { base64url, rfc3339 } from '../../../src/base/mod.ts'
import type { Assignment, Heartbeat, Inventory } from '../../../src/wire/mod.ts'
import { BRIDGE, DEPLOYMENT, RUNTIME, STRANGER, T0, TENANT } from './parties.ts'

export const SHA256_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
export const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'

export const heartbeat: Heartbeat = {
  version: '0.1.0',
  uptimeMs: 12_000,
  configurationHash: SHA256_OF_NOTHING,
  deployments: [{ deployment: DEPLOYMENT, version: 1, state: 'running', reasons: [] }],
  managementUrl: 'https://factory.example:8752',
  bridgePort: 32_100,
  authority: PEM,
  trail: { count: 3, hash: SHA256_OF_NOTHING, signature: base64url(new Uint8Array(64)) },
  leaving: false,
}

export const inventory: Inventory = {
  challenge: base64url(new Uint8Array(16)),
  credentials: ['warehouse'],
  libraries: [],
  componentTypes: ['csv_file', 'map'],
  bridgePort: 32_100,
  configurationHash: SHA256_OF_NOTHING,
  policy: { scripts: 'forbidden', memory_mib: 512 },
}

export const assignment: Assignment = {
  format: 1,
  tenant: TENANT,
  runtime: RUNTIME,
  deployment: DEPLOYMENT,
  version: 1,
  blueprint: 'orders-to-warehouse',
  system: 'factory',
  issuedAt: rfc3339(T0),
  components: [
    { name: 'orders', type: 'csv_file', from: [], config: { paths: ['/data/in/*.csv'] } },
    {
      name: 'score',
      type: 'script',
      from: ['orders'],
      config: { limit: 2.5, 'odd/na~me': true },
      code: { sha256: SHA256_OF_NOTHING, bytes: 0 },
    },
  ],
  bridges: [
    {
      bridge: BRIDGE,
      label: 'abcdefghijklmnop',
      direction: 'out',
      from: 'score',
      to: ['warehouse'],
      peer: STRANGER,
      role: 'dial',
      address: { host: 'cloud.example', port: 32_100 },
      generation: 1,
      secret: base64url(new Uint8Array(32).fill(7)),
    },
  ],
  classification: { customer_name: 'restricted' },
}
