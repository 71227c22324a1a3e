import { afterAll, beforeAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { failureLine, UsageInvalid } from '../../src/cli/exit.ts'
import { type HttpsServer, serveHttps } from '../../src/host/mod.ts'
import { testAuthority } from '../support/certificates.ts'
import { sluice } from '../support/cli/terminal.ts'
import { temporaryFolder } from '../support/folder.ts'
import { STEERING } from '../support/steering.ts'

/** Erases the line and writes another, copies to the clipboard, and every class of steering characters. */
const HOSTILE = `a\u001b[2K\rb\u001b]52;c;eA==\u0007${Object.values(STEERING).join('x')}z`
const UNSAFE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

let answer: () => Response = () => new Response('{}')
let server: HttpsServer
const folder = temporaryFolder()

beforeAll(async () => {
  const authority = await testAuthority('test')
  const tls = await authority.issue({ ip: ['127.0.0.1'] })
  server = await serveHttps({ fetch: () => answer(), hostname: '127.0.0.1', port: 0, tls })
  const access = { url: `https://127.0.0.1:${server.port}`, ca: authority.certificatePem, token: 't' }
  writeFileSync(folder.file('access.json'), JSON.stringify(access), { mode: 0o600 })
})
afterAll(async () => {
  await server.close()
  folder[Symbol.dispose]()
})

const local = {
  ...{ deployment: HOSTILE, blueprint: HOSTILE, version: 1, state: HOSTILE },
  reasons: [{ code: HOSTILE, item: HOSTILE }],
  waiting: { version: 2, adds: { paths: [HOSTILE, HOSTILE], [HOSTILE]: [HOSTILE] } },
}
const runtime = { runtime: HOSTILE, name: HOSTILE, state: HOSTILE, reasons: [{ code: HOSTILE, item: HOSTILE }] }
const central = { deployment: HOSTILE, blueprint: HOSTILE, version: 1, state: HOSTILE, runtimes: [runtime] }
const refused = {
  ...{ deployment: HOSTILE, blueprint: HOSTILE, version: 1 },
  ...{ reasons: [{ code: HOSTILE, item: HOSTILE }], advice: HOSTILE },
}
const letter = {
  ...{ number: 1, component: HOSTILE, partition: HOSTILE, position: 1, reason: { code: HOSTILE, item: HOSTILE } },
  record: Buffer.from(HOSTILE).toString('base64url'),
}
const entry = { at: HOSTILE, component: HOSTILE, level: HOSTILE, template: HOSTILE, fields: { [HOSTILE]: HOSTILE } }
const peer = { runtime: HOSTILE, name: HOSTILE, fingerprint: HOSTILE, bridgeHost: HOSTILE, bridgePort: 1 }

const review = {
  ...{ deployment: HOSTILE, blueprint: HOSTILE, system: HOSTILE, version: 1, adds: { [HOSTILE]: [HOSTILE] } },
  ...{ against: [{ code: HOSTILE, item: HOSTILE }], changes: [{ part: HOSTILE, after: HOSTILE }] },
  code: [{ sha256: HOSTILE, bytes: 1, components: [HOSTILE], isNew: true, isCut: false, text: HOSTILE }],
  signer: { tenantName: HOSTILE, platform: HOSTILE, fingerprint: HOSTILE },
}
const drifted = { name: HOSTILE, hash: HOSTILE, faults: [HOSTILE], differs: false }

/** Words → what the server answers, and how many lines a person may see. */
const VERBS: Record<string, [answer: object, lines: number]> = {
  'deployment list': [{ deployments: [local, central], refused: [refused] }, 3 + 2 + 3 + 3 + 3],
  'dead-letter list dep_1': [{ letters: [letter], next: 2 }, 2],
  logs: [{ entries: [entry, entry] }, 2],
  'peer list': [{ peers: [peer] }, 2],
  'peer accept slp_1': [peer, 2],
  'credential set c --from a=environment:B': [{ name: HOSTILE, fields: [HOSTILE], createdAt: 1 }, 1],
  'deployment stop dep_1': [local, 1],
  'deployment review dep_1': [review, 2 + 2 + 3 + 4 + 4],
  'drift show': [{ checkedAt: HOSTILE, items: [drifted] }, 3],
  'policy show': [{ policy: {}, authentic: true, rules: [{ key: HOSTILE, says: HOSTILE, value: [HOSTILE] }] }, 2],
}

test('no text of a server steers the terminal or makes a line of its own, whichever verb shows it', async () => {
  for (const [words, [body, lines]] of Object.entries(VERBS)) {
    answer = () => Response.json(body)
    const { exit, out, err } = await sluice([...words.split(' '), '--at', folder.path])
    expect([words, exit, err]).toEqual([words, 0, ''])
    expect([words, UNSAFE.exec(out)]).toEqual([words, null])
    expect(out).not.toContain('\t')
    expect(out).toContain('a\\u{1b}[2K\\u{d}b\\u{1b}]52;c;eA==\\u{7}')
    expect([words, out.trimEnd().split('\n').length]).toEqual([words, lines])
  }
})

test('--json says the same texts, escaped as JSON escapes, on one line', async () => {
  answer = () => Response.json({ deployments: [local] })
  const { out } = await sluice(['deployment', 'list', '--json', '--at', folder.path])
  expect(UNSAFE.exec(out)).toBeNull()
  expect(out.split('\n')).toHaveLength(2)
  expect(JSON.parse(out)[0]).toMatchObject(local)
})

test('a failure line is one line in which nothing steers the terminal, whoever wrote its code, detail and advice', async () => {
  answer = () => Response.json({ code: HOSTILE, detail: HOSTILE, advice: HOSTILE }, { status: 409 })
  const { exit, err } = await sluice(['peer', 'list', '--at', folder.path])
  expect(exit).toBe(5)
  expect(UNSAFE.exec(err)).toBeNull()
  expect(err.split('\n')).toHaveLength(2)
  for (const character of Object.values(STEERING)) {
    const line = failureLine(new UsageInvalid(`a${character}b`, 'Do.'))
    expect(line).toBe(
      character === '\n' ? 'cli.usage: a b. Do.' : `cli.usage: a\\u{${character.codePointAt(0)?.toString(16)}}b. Do.`,
    )
  }
})
