import { describe, expect, test } from 'bun:test'
import { utf8 } from '../../src/base/mod.ts'
import { sha256Hex } from '../../src/crypto/mod.ts'
import { type Assignment, checkManifest, manifestOf, signAssignment, verifyAssignment } from '../../src/wire/mod.ts'
import { party, STRANGER, TENANT } from '../support/wire/parties.ts'
import { assignment, SHA256_OF_NOTHING } from '../support/wire/samples.ts'

describe('the tenant’s signature', () => {
  test('holds for exactly the assignment that was signed, whatever the order of its members', async () => {
    const tenant = await party(TENANT, 'tenant')
    const signature = await signAssignment(tenant.signing, assignment)
    await verifyAssignment(tenant.signing.publicKey, assignment, signature)
    const reordered = Object.fromEntries(Object.entries(assignment).reverse()) as Assignment
    await verifyAssignment(tenant.signing.publicKey, reordered, signature)
  })

  test('is refused for a changed assignment, another key, another form', async () => {
    const [tenant, stranger] = await Promise.all([party(TENANT, 'tenant'), party(STRANGER, 'stranger')])
    const signature = await signAssignment(tenant.signing, assignment)
    const [header, , value] = signature.split('.')
    const foreign = (await signAssignment(stranger.signing, assignment)).split('.')
    const refused = async (a: Assignment, s: string, key = tenant.signing.publicKey) =>
      expect(verifyAssignment(key, a, s)).rejects.toHaveProperty('code', 'assignment.signature_refused')
    await refused({ ...assignment, version: 2 }, signature)
    await refused(assignment, signature, stranger.signing.publicKey)
    await refused(assignment, `${header}..${foreign[2]}`)
    for (const odd of [
      '',
      '.',
      '..',
      `${header}.`,
      `${header}.e30.${value}`,
      `${signature}.`,
      `${signature}.x`,
      `e30..${value}`,
    ])
      await refused(assignment, odd)
  })
})

describe('checkManifest()', () => {
  test('takes an assignment and its code as they were listed', async () => {
    const code = new Map([[SHA256_OF_NOTHING, new Uint8Array()]])
    await checkManifest(assignment, await manifestOf(assignment), code)
  })

  test('lists a file that two components share once', async () => {
    const [, score] = assignment.components
    if (!score) throw new RangeError('the sample has no script')
    const twice = { ...assignment, components: [score, { ...score, name: 'again' }] }
    expect((await manifestOf(twice)).code).toEqual([{ sha256: SHA256_OF_NOTHING, bytes: 0 }])
  })

  test('names the component, the code or the assignment that differs', async () => {
    const manifest = await manifestOf(assignment)
    const named = async (changed: Assignment, m = manifest, code?: Map<string, Uint8Array<ArrayBuffer>>) =>
      checkManifest(changed, m, code).then(
        () => 'nothing',
        (error: unknown) => (error as { item: string }).item,
      )
    const changed = structuredClone(assignment)
    if (changed.components[1]) changed.components[1].config = { limit: 3 }
    expect(await named(changed)).toBe('component score')
    const more = {
      ...assignment,
      components: [...assignment.components, { name: 'extra', type: 'map', from: [], config: {} }],
    }
    expect(await named(more)).toBe('component extra')
    expect(await named({ ...assignment, components: assignment.components.slice(1) })).toBe('component orders')
    expect(await named({ ...assignment, version: 9 })).toBe('assignment')
    expect(await named(assignment, { ...manifest, code: [] })).toBe(`code ${SHA256_OF_NOTHING}`)
    const other = await sha256Hex(utf8('other'))
    expect(await named(assignment, { ...manifest, code: [...manifest.code, { sha256: other, bytes: 5 }] })).toBe(
      `code ${other}`,
    )
    expect(await named(assignment, manifest, new Map([[SHA256_OF_NOTHING, utf8('altered')]]))).toBe(
      `code ${SHA256_OF_NOTHING}`,
    )
  })
})
