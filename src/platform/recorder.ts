/**
 * Writes down every byte that the Platform receives, after TLS and again after opening: for the demonstration's search for
 * customers' content in it. It is off unless `recordTo` of the configuration names a folder, which the hidden flag `--record-to` of
 * `sluice platform` does: whoever may start the process and read its folders learns nothing by it that they could not learn without.
 */
import { join } from 'node:path'
import { type Bytes, concatBytes, utf8 } from '../base/mod.ts'
import { makePrivateFolder, writeFileAtomic } from '../host/mod.ts'
import type { Handler } from '../wire/mod.ts'

export interface Recorder {
  /** Request line, headers and body of a request. The request that it gives back still has its body. */
  request(request: Request): Promise<Request>
  /** What an outbound request got back, and what a message held once it was opened. */
  bytes(kind: 'answer' | 'opened', content: Uint8Array | string): Promise<void>
}

/** The same handlers, each with what it is handed written down first. */
export function recordOpened(recorder: Recorder, handlers: readonly Handler[]): Handler[] {
  return handlers.map(({ exchange, answer }) => ({
    exchange,
    async answer(payload, received) {
      await recorder.bytes('opened', JSON.stringify(payload))
      return answer(payload, received)
    },
  }))
}

/** Records nothing. */
export const noRecorder: Recorder = { request: async (request) => request, bytes: async () => undefined }

/** Records into a folder, one file for each thing received. */
export async function recordInto(folder: string): Promise<Recorder> {
  await makePrivateFolder(folder)
  let count = 0
  const save = (kind: string, content: Uint8Array | string): Promise<void> =>
    writeFileAtomic(join(folder, `${String(++count).padStart(8, '0')}-${kind}`), content)
  return {
    async request(request) {
      const body: Bytes = new Uint8Array(await request.arrayBuffer())
      const head = [
        `${request.method} ${request.url}`,
        ...[...request.headers].map(([name, value]) => `${name}: ${value}`),
      ]
      await save('request', concatBytes(utf8(`${head.join('\n')}\n\n`), body))
      const { method, headers, signal } = request
      return new Request(request.url, { method, headers, signal, ...(body.byteLength > 0 && { body }) })
    },
    bytes: save,
  }
}
