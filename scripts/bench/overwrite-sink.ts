/**
 * Writes what comes over the bytes that a file already has. A fresh page of a memory file system costs more than a frame of a
 * bridge, so a file that grew would be measured and not the bridge; the yardsticks write in place as well.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import * as v from 'valibot'
import { type AnyDefinition, defineSink } from '../../src/pipeline/mod.ts'

export const overwriteSink: AnyDefinition = defineSink({
  type: 'bench_overwrite',
  summary: 'Writes over an existing file, from its beginning.',
  delivery: 'at-least-once',
  config: v.strictObject({ path: v.string() }),
  example: { path: '/dev/shm/out' },
  touches: ({ path }) => ({ paths: [path] }),
  async open({ path }) {
    const file = openSync(path, 'r+')
    let at = 0
    return {
      async write(batch) {
        at += writeSync(file, batch.records.jsonLines().bytes, undefined, undefined, at)
      },
      async close() {
        closeSync(file)
      },
    }
  },
}) as AnyDefinition
