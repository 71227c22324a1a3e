/** `restore-entry.ts BACKUP FOLDER KEY`: restores it, and prints the refusal's code. */
import { createReadStream } from 'node:fs'
import process from 'node:process'
import { restoreBackup } from '../../../src/backup/mod.ts'
import { fromBase64url, systemRandom } from '../../../src/base/mod.ts'
import { refusalOf } from '../refusal.ts'
import { clock, newMaster } from './data.ts'

const [, , backup = '', folder = '', key = ''] = process.argv
const opener = { kind: 'key' as const, key: fromBase64url(key) }
const deps = { source: createReadStream(backup), opener, folder, clock, random: systemRandom, master: newMaster }
process.stdout.write(`${await refusalOf(() => restoreBackup(deps))}\n`)
