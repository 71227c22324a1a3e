/** host: Bun, Node and Deno made alike, through node: APIs: HTTPS served and asked, this program spawned, files. */
export { type AppendFile, openAppend } from './append-file.ts'
export { buildFacts } from './build-facts.ts'
export { FileMissing, fileFailure, HostUnreachable } from './errors.ts'
export {
  makePrivateFolder,
  readBytes,
  readText,
  readTextIfThere,
  removeFolder,
  syncFolder,
  writeFileAtomic,
} from './files.ts'
export { type HttpsRequest, requestHttps, streamHttps } from './https-client.ts'
export {
  type HttpsOptions,
  type HttpsServer,
  type Peer,
  serveHttps,
  type TlsMaterial,
} from './https-server.ts'
export { takeLockFile } from './lock-file.ts'
export { parentChannel } from './parent-channel.ts'
export { processIdentity, processStart } from './process-identity.ts'
export { type ChildExit, type ChildHandle, type SpawnOptions, selfCommand, spawnSelf } from './spawn.ts'
export { listenTcp, type TcpServer } from './tcp-server.ts'
