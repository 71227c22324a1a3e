import { describe, expect, test } from 'bun:test'
import { base64url, fromBase64url } from '../../src/base/mod.ts'
import {
  type Assignment,
  assignmentInfo,
  assignmentPointers,
  openDocument,
  openResult,
  type SealedDocument,
  sealDocument,
  sealResult,
} from '../../src/wire/mod.ts'
import { DEPLOYMENT, party, RUNTIME, STRANGER, TENANT } from '../support/wire/parties.ts'
import { assignment } from '../support/wire/samples.ts'

const about = { tenant: TENANT, runtime: RUNTIME, deployment: DEPLOYMENT, version: 1 }

async function sealedPair(document: Assignment = assignment) {
  const [tenant, runtime, stranger] = await Promise.all([
    party(TENANT, 'tenant'),
    party(RUNTIME, 'runtime'),
    party(STRANGER, 'stranger'),
  ])
  const info = assignmentInfo(about)
  const made = await sealDocument(document, assignmentPointers(document), {
    sender: tenant.agreement,
    recipient: runtime.agreement.publicKey,
    info,
  })
  const parties = { recipient: runtime.agreement, sender: tenant.agreement.publicKey, info }
  return { ...made, parties, stranger, tenant, runtime }
}

function flip(text: string): string {
  const bytes = fromBase64url(text)
  bytes[3] = (bytes[3] ?? 0) ^ 1
  return base64url(bytes)
}

test('openDocument() gives back exactly the sealed document', async () => {
  const { sealed, parties } = await sealedPair()
  expect((await openDocument(sealed, parties)).document).toEqual(assignment)
})

test('no sealed value can be read in what is sent', async () => {
  const { sealed } = await sealedPair()
  const sent = JSON.stringify(sealed)
  expect(sent).not.toContain('/data/in')
  expect(sent).not.toContain(assignment.bridges[0]?.secret ?? '')
  expect(Object.keys(sealed.sealed)).toEqual(['/bridges/0/secret', '/components/0/config', '/components/1/config'])
})

test('sealDocument() leaves its document as it was', async () => {
  const before = structuredClone(assignment)
  await sealedPair()
  expect(assignment).toEqual(before)
})

test('eleven components open in the order that both ends sort alike, not in the order they were written', async () => {
  const many = {
    ...assignment,
    components: Array.from({ length: 11 }, (_, i) => ({ name: `c${i}`, type: 'map', from: [], config: { i } })),
  }
  const { sealed, parties } = await sealedPair(many)
  const shuffled = { ...sealed, sealed: Object.fromEntries(Object.entries(sealed.sealed).reverse()) }
  expect((await openDocument(shuffled, parties)).document).toEqual(many)
})

describe('openDocument() refuses', () => {
  const cases: [string, (sealed: SealedDocument) => SealedDocument][] = [
    ['a changed envelope', (s) => ({ ...s, envelope: { ...s.envelope, version: 2 } })],
    [
      'a changed sealed field',
      (s) => ({ ...s, sealed: { ...s.sealed, '/components/0/config': flip(s.sealed['/components/0/config'] ?? '') } }),
    ],
    [
      'two fields exchanged',
      (s) => ({
        ...s,
        sealed: {
          ...s.sealed,
          '/components/0/config': s.sealed['/components/1/config'] ?? '',
          '/components/1/config': s.sealed['/components/0/config'] ?? '',
        },
      }),
    ],
    ['a field left out', (s) => ({ ...s, sealed: Object.fromEntries(Object.entries(s.sealed).slice(1)) })],
    ['a field under another pointer', (s) => ({ ...s, sealed: { ...s.sealed, '/components/9/config': 'AAAA' } })],
    ['a pointer to a prototype', (s) => ({ ...s, sealed: { ...s.sealed, '/__proto__/polluted': 'AAAA' } })],
    ['another encapsulated key', (s) => ({ ...s, enc: flip(s.enc) })],
    ['text that is no base64url', (s) => ({ ...s, enc: '!' })],
  ]
  test.each(cases)('%s', async (_, tamper) => {
    const { sealed, parties } = await sealedPair()
    await expect(openDocument(tamper(sealed), parties)).rejects.toHaveProperty('code', 'sealed.refused')
  })

  test('another sender, another recipient, another version', async () => {
    const { sealed, parties, stranger } = await sealedPair()
    const refused = (other: Partial<typeof parties>) =>
      expect(openDocument(sealed, { ...parties, ...other })).rejects.toHaveProperty('code', 'sealed.refused')
    await refused({ sender: stranger.agreement.publicKey })
    await refused({ recipient: stranger.agreement })
    await refused({ info: assignmentInfo({ ...about, version: 2 }) })
  })
})

test.each(['', 'components', '/components/0', '/components/0/absent', '/nothing/here', '/__proto__'])(
  'sealDocument() refuses the pointer %p, which names no member of an object',
  async (pointer) => {
    const { tenant, runtime } = await sealedPair()
    const parties = { sender: tenant.agreement, recipient: runtime.agreement.publicKey, info: assignmentInfo(about) }
    await expect(sealDocument(assignment, [pointer], parties)).rejects.toHaveProperty('code', 'sealed.refused')
  },
)

test('a member whose name holds a slash and a tilde is sealed and put back', async () => {
  const { tenant, runtime } = await sealedPair()
  const info = assignmentInfo(about)
  const document = { a: { 'x/y~z': 1 } }
  const { sealed } = await sealDocument(document, ['/a/x~1y~0z'], {
    sender: tenant.agreement,
    recipient: runtime.agreement.publicKey,
    info,
  })
  expect(sealed.envelope).toEqual({ a: {} })
  expect(
    (await openDocument(sealed, { recipient: runtime.agreement, sender: tenant.agreement.publicKey, info })).document,
  ).toEqual(document)
})

describe('the result', () => {
  const result = {
    outcome: 'awaiting-approval',
    state: 'awaiting-approval',
    reasons: [{ code: 'approval.path', item: '/data' }],
    lacking: [],
  } as const

  test('opens only with the context that sealed the document, and is never the same bytes twice', async () => {
    const { sealed, parties, context } = await sealedPair()
    const opened = await openDocument(sealed, parties)
    const [one, two] = [
      await sealResult(opened.context, { ...result, reasons: [...result.reasons], lacking: [] }),
      await sealResult(opened.context, { ...result, reasons: [], lacking: [] }),
    ]
    expect(await openResult(context, one)).toEqual({ ...result, reasons: [...result.reasons], lacking: [] })
    expect(one.nonce).not.toBe(two.nonce)
    const other = await sealedPair()
    await expect(openResult(other.context, one)).rejects.toHaveProperty('code', 'sealed.refused')
  })

  test('is refused when it was changed or is no result', async () => {
    const { sealed, parties, context } = await sealedPair()
    const opened = await openDocument(sealed, parties)
    const good = await sealResult(opened.context, { outcome: 'applied', state: 'running', reasons: [], lacking: [] })
    await expect(openResult(context, { ...good, sealed: flip(good.sealed) })).rejects.toHaveProperty(
      'code',
      'sealed.refused',
    )
    const odd = await sealResult(opened.context, { outcome: 'perhaps' } as never)
    await expect(openResult(context, odd)).rejects.toHaveProperty('code', 'sealed.refused')
  })
})
