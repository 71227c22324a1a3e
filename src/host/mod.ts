/** host: Bun, Node and Deno made alike, through node: APIs: HTTPS served and asked, this program spawned, files. */
export { type AppendFile, openAppend } from './append-file.ts'
export { buildFacts } from './build-facts.ts'
export { type Check, checkClock, type Found, look, ok, skipped, type Verdict } from './checks.ts'
export type { ConnectionLimits } from './connection-guard.ts'
export { leaveMemoryOutOfCoreDumps } from './core-dumps.ts'
export { type DiskSpace, diskSpace } from './disk-space.ts'
export { FileMissing, fileFailure, HostUnreachable } from './errors.ts'
export { FairRoom } from './fair-room.ts'
export { readParts, writeParts } from './file-parts.ts'
export {
  isThere,
  makeFolder,
  makePrivateFolder,
  openedPath,
  readBytes,
  readText,
  readTextIfThere,
  removeFolder,
  syncFolder,
  truePath,
  writeFileAtomic,
} from './files.ts'
export { type HttpsRequest, requestHttps, streamHttps } from './https-client.ts'
export {
  type HttpsOptions,
  type HttpsServer,
  type Peer,
  serveHttps,
} from './https-server.ts'
export { readLines } from './lines.ts'
export { takeLockFile } from './lock-file.ts'
export { isLoopbackHost, postLoopback } from './loopback-client.ts'
export { GARBAGE_LOOK_MS, GarbageWatch, releaseMemory } from './memory.ts'
export { type ModuleFault, moduleSyntax } from './module-syntax.ts'
export { networkOf } from './network-of.ts'
export { isLoopback, isWithin, type Network, parseAddress, parseNetwork } from './networks.ts'
export { parentChannel } from './parent-channel.ts'
export { isPrivateAddress } from './private-address.ts'
export { processIdentity, processStart } from './process-identity.ts'
export { residentBytes } from './resident-bytes.ts'
export { retryAfterMs } from './retry-after.ts'
export { type ChildExit, type ChildHandle, type SpawnOptions, selfCommand, spawnSelf } from './spawn.ts'
export { spawnWorker } from './spawn-worker.ts'
export { listenTcp, type TcpServer } from './tcp-server.ts'
export { type NamedTls, secureContextOf, type TlsMaterial } from './tls-choice.ts'
