/** Another process that looks at a database in use, as a doctor does: `<path> <key as base64url>`. It leaves no connection behind. */
import process from 'node:process'
import { fromBase64url } from '../../src/base/mod.ts'
import { openClient } from '../../src/store/database.ts'

const [, , path = '', key = ''] = process.argv
const client = openClient(path, fromBase64url(key))
await client.execute('SELECT count(*) FROM sqlite_schema')
client.close()
// The connection is closed with the last of its statements, which the host collects.
Bun.gc(true)
await Bun.sleep(0)
Bun.gc(true)
