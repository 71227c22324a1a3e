import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryFolder } from '../support/folder.ts'
import { canMount, onSmallDisk } from '../support/full-disk.ts'

// Skipped where a mount namespace cannot be had: there is no other way to a disk of a known small size.
test.skipIf(!canMount())(
  'a full disk holds the flow; with room again it goes on, and nothing is lost, doubled or half-written',
  () => {
    using folder = temporaryFolder()
    const script = join(import.meta.dir, '../support/pipeline/sinks-on-full-disk.ts')
    expect(onSmallDisk(script, folder.path)).toEqual({
      file: {
        ended: 'ended',
        whileFull: {
          reason: { code: 'host.disk_full', item: folder.file('out.jsonl') },
          state: 'running',
          saved: true,
        },
        saved: { numbers: 6_000 },
        complete: true,
      },
      table: {
        ended: 'ended',
        whileFull: {
          reason: { code: 'libsql_table.disk_full', item: folder.file('out.db/numbers') },
          state: 'running',
          saved: true,
        },
        saved: { numbers: 6_000 },
        complete: true,
        bytes: true,
      },
    })
  },
)
