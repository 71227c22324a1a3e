/** The ports of a Runtime: 8752, 32100, and the ingest port where one is configured. */
import type { Clock, Random } from '../base/mod.ts'
import { type BridgeListener, listenForBridges } from '../bridge/mod.ts'
import type { Certificates } from '../certificates/mod.ts'
import { type ConnectionLimits, type HttpsServer, type Peer, serveHttps } from '../host/mod.ts'
import type { ManagementApp } from './app.ts'
import { bridgeGreeting } from './certificates.ts'
import type { RuntimeConfig } from './config.ts'
import { isUpload } from './datasets/upload-request.ts'
import { type IngestRoute, ingestApp } from './ingest/ingest-app.ts'
import type { AllowLists } from './network/allow-lists.ts'
import type { Station } from './station.ts'

export type PortsDeps = {
  state: { network: Pick<AllowLists, 'allows'> }
  certificates: Certificates
  clock: Clock
  random: Random
}

/**
 * Fewer than on 8752, so that strangers on a port for strangers can't take what its owner needs: 512 connections × ≈64 KiB ≈ 32 MiB,
 * 128 of them from one network.
 */
export const INGEST_LIMITS = {
  connectionsMax: 512,
  connectionsPerNetworkMax: 128,
} as const satisfies Partial<ConnectionLimits>

/** 8752, for addresses that the owner's list has. */
export async function serveManagement(
  { host: hostname, port }: RuntimeConfig,
  { state, certificates, clock }: PortsDeps,
  app: ManagementApp,
): Promise<HttpsServer> {
  const fetch = (request: Request, peer: Peer) => app.fetch(request, { peer })
  const allows = (address: string) => state.network.allows('management', address)
  const { main: tls, named: namedTls } = certificates.served
  const server = await serveHttps({ fetch, hostname, port, tls, namedTls, allows, streams: isUpload, clock })
  certificates.onChange(() => server.setTls(certificates.served.main, certificates.served.named))
  return server
}

/** 32100, for addresses that the owner's list has. */
export function listenForPeers(
  { host: hostname, bridgePort: port }: RuntimeConfig,
  { state, certificates, clock }: PortsDeps,
  workers: Pick<Station['workers'], 'route'>,
): Promise<BridgeListener> {
  const route = (label: string) => workers.route(label)
  const allows = (address: string) => state.network.allows('bridges', address)
  return listenForBridges({ hostname, port, clock, route, allows, greeting: bridgeGreeting(certificates) })
}

/** The ingest port, off unless it is configured. It is meant for outside, so no list holds it: each route asks for its own token. */
export async function serveIngest(
  { host: hostname, ingestPort: port }: RuntimeConfig,
  { certificates, clock, random }: PortsDeps,
  routes: readonly IngestRoute[],
): Promise<HttpsServer | undefined> {
  if (port === undefined) return undefined
  const app = ingestApp(routes, { clock, random })
  const fetch = (request: Request, peer: Peer) => app.fetch(request, { peer })
  const { main: tls, named: namedTls } = certificates.served
  // Uploads are streamed on, so that their bytes are not held here.
  const bounds = { limits: INGEST_LIMITS, bodiesBytesMax: 0 }
  const server = await serveHttps({ fetch, hostname, port, tls, namedTls, ...bounds, clock })
  certificates.onChange(() => server.setTls(certificates.served.main, certificates.served.named))
  return server
}
