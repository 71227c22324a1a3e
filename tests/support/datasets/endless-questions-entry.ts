/** A desk in a process of its own that asks a question in SQL which has no end. */
import process from 'node:process'
import { importWrappingKey } from '../../../src/crypto/mod.ts'
import { DataHost } from './data-host.ts'

const [, , folder = '', masterHex = ''] = process.argv
const host = await DataHost.at(folder, await importWrappingKey(new Uint8Array(Buffer.from(masterHex, 'hex'))))
const [tenant = 'dt_'] = await host.tenants()
const data = host.desk.of(tenant)
await data.createDataset({ name: 'rows', shape: 'table' })
await data.sql({ sql: 'SELECT sum(value) FROM generate_series(1, 9223372036854775807)', clearance: 'public' })
