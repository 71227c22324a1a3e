import { describe, expect, test } from 'bun:test'
import { systemRandom } from '../../../src/base/mod.ts'
import { rotateRowMac } from '../../../src/runtime/state/re-keying.ts'
import { rowMac } from '../../../src/runtime/state/row-mac.ts'
import { refusalOf } from '../../support/refusal.ts'
import { managementHost } from '../../support/runtime/management-host.ts'

const row = { key: 'one', document: '{}' }

describe('the key of row MACs', () => {
  test('while it is rotated, rows of both keys hold; afterwards those of the new one', async () => {
    const first = systemRandom(32)
    const second = systemRandom(32)
    const mac = rowMac(first.slice())
    const before = await mac.of('t', row)
    mac.replace(second)
    await mac.check('t', row, before)
    const moved = (await mac.moved('t', row, before)) ?? before
    expect(moved).toEqual(await rowMac(second.slice()).of('t', row))
    expect(await mac.moved('t', row, moved)).toBeUndefined()
    expect(await mac.moved('t', { ...row, document: '[]' }, before)).toBeUndefined()
    await rowMac(second.slice(), first.slice()).check('t', row, before)
    mac.forgetFormer()
    expect(await refusalOf(() => mac.check('t', row, before))).toBe('runtime.row_not_authentic')
    await mac.check('t', row, moved)
  })

  test('is rotated over every table, cut off and gone on with; a row that something else wrote stays refused', async () => {
    await using host = await managementHost()
    const { keyring, db, mac, approvals, documents } = host.state
    const deployment = 'dep_one'
    for (let n = 0; n < 30; n++)
      await approvals.add(deployment, [{ kind: 'path', item: `read ${n}` } as never], 'user:a')
    await documents.set('test', { kept: true }, 'user:a')
    const forged = { deployment: 'dep_forged', kind: 'path', item: 'x', approvedBy: 'user:a', approvedAtMs: 1 }
    await db.insert(db.tables.runtimeApprovals).values({ ...forged, mac: systemRandom(32) })
    const stop = new AbortController()
    const cut = rotateRowMac(keyring, { db, mac }, (done) => done === 10 && stop.abort(), stop.signal)
    expect(await refusalOf(() => cut)).toBe('internal.cancelled')
    expect(await approvals.of(deployment)).toHaveLength(30)
    await rotateRowMac(keyring, { db, mac }, () => undefined, new AbortController().signal)
    expect(await approvals.of(deployment)).toHaveLength(30)
    expect(keyring.list().some(({ rotating }) => rotating)).toBe(false)
    expect(await refusalOf(() => approvals.of('dep_forged'))).toBe('runtime.row_not_authentic')
    const alone = rowMac(await keyring.secretFor('row-mac', 'runtime'))
    for (const { mac: kept, ...told } of await db.select().from(db.tables.runtimeOwnerDocuments)) {
      await alone.check('owner-documents', told, kept)
    }
  })
})
