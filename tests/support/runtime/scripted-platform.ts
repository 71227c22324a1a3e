/** A Platform as far as a Runtime can tell: wire's own door behind real HTTPS, its answers scripted by the test. */
import { base64url, fromBase64url, fromUtf8, rfc3339, systemClock, systemRandom } from '../../../src/base/mod.ts'
import { createAuthority, importVerifyKey, issueLeaf, loadAuthority, thumbprint } from '../../../src/crypto/mod.ts'
import { type HttpsServer, requestHttps, serveHttps } from '../../../src/host/mod.ts'
import {
  type Assignment,
  type AuditLog,
  assignmentInfo,
  assignmentPointers,
  createCaller,
  createDoor,
  type DeploymentResult,
  type DeploymentStatus,
  type EnrolmentRequest,
  encodeEnrolmentCode,
  exchanges,
  type Heartbeat,
  handle,
  type Inventory,
  manifestOf,
  openEnrolmentRequest,
  openResult,
  type PeerStanding,
  ReplayWindow,
  type RuntimeId,
  sealDocument,
  sealEnrolmentAnswer,
  signAssignment,
} from '../../../src/wire/mod.ts'
import { answersInMemory, type Party, party, RUNTIME, STRANGER, TENANT } from '../wire/parties.ts'

type Known = { id: RuntimeId; request: EnrolmentRequest; kid: string; key: CryptoKey }

/** The ids that the first and the second Runtime get. */
const IDS = [RUNTIME, STRANGER] as const

export class ScriptedPlatform implements AsyncDisposable {
  readonly heartbeats: Heartbeat[] = []
  /** When each of them came, by the monotonic clock. */
  readonly heardAtMs: number[] = []
  readonly logs: { position: number; entry: AuditLog }[] = []
  readonly status: { position: number; entry: DeploymentStatus }[] = []
  /** Positions at which a batch began, as they came. */
  readonly batches: { stream: 'logs' | 'status'; first: number; count: number }[] = []
  /** What Runtimes are told of the other ends of their bridges, by Runtime. */
  readonly farSides = new Map<string, PeerStanding[]>()
  /** While true, every request is answered 503. */
  down = false
  /** Everything that came after TLS, and each payload after its message was opened. */
  readonly received: string[] = []
  readonly #tenant: Party
  readonly #authority: string
  readonly #server: HttpsServer
  readonly #known = new Map<string, Known>()

  readonly #heartbeatIntervalMs: number

  private constructor(tenant: Party, authority: string, server: HttpsServer, heartbeatIntervalMs: number) {
    this.#heartbeatIntervalMs = heartbeatIntervalMs
    this.#tenant = tenant
    this.#authority = authority
    this.#server = server
  }

  static async start({ heartbeatIntervalMs = 1_000 } = {}): Promise<ScriptedPlatform> {
    const tenant = await party(TENANT, 'tenant')
    const stored = await createAuthority({ name: 'Test Platform', clock: systemClock, random: systemRandom })
    const authority = await loadAuthority(stored)
    const names = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'], lifetimeMs: 3_600_000, clock: systemClock }
    const tls = await issueLeaf(authority, names)
    const platform: { current: ScriptedPlatform | undefined } = { current: undefined }
    const server = await serveHttps({
      fetch: (request) => platform.current?.answer(request) ?? new Response(null, { status: 503 }),
      ...{ hostname: '127.0.0.1', port: 0, tls },
    })
    platform.current = new ScriptedPlatform(tenant, authority.certificatePem, server, heartbeatIntervalMs)
    return platform.current
  }

  get tenant(): Party {
    return this.#tenant
  }

  get url(): string {
    return `https://127.0.0.1:${this.#server.port}`
  }

  /** Who enrolled under that id. */
  enrolled(runtime: string = RUNTIME): Known {
    const known = this.#known.get(runtime)
    if (!known) throw new Error('no such Runtime has enrolled')
    return known
  }

  code(expiresInMs = 3_600_000): string {
    return encodeEnrolmentCode({
      v: 1,
      platform: this.url,
      tenant: TENANT,
      signingKid: this.#tenant.signing.kid,
      agreementKey: base64url(this.#tenant.agreement.publicKey),
      authority: this.#authority,
      secret: base64url(systemRandom(32)),
      expires: rfc3339(systemClock.now() + expiresInMs),
    })
  }

  async answer(request: Request): Promise<Response> {
    if (this.down) return new Response(null, { status: 503 })
    const body = await request.text()
    this.received.push(body)
    const { pathname } = new URL(request.url)
    if (pathname === `/t/${TENANT}/c2/v1/enrolment`) return new Response(await this.#enrol(body))
    if (pathname === `/t/${TENANT}/c2/v1/messages`) return new Response(await this.#door().receive(body))
    return new Response(null, { status: 404 })
  }

  /** Deploys as the Platform does and opens the sealed answer. */
  async deploy(assignment: Assignment, changes: { signature?: string } = {}): Promise<DeploymentResult> {
    const { deployment, version, tenant, runtime } = assignment
    const recipient = fromBase64url(this.enrolled(runtime).request.agreementKey)
    const { sealed, context } = await sealDocument(assignment, assignmentPointers(assignment), {
      ...{ sender: this.#tenant.agreement, recipient },
      info: assignmentInfo({ tenant, runtime, deployment, version }),
    })
    const answer = await this.#caller(runtime).call(exchanges.deployment, {
      ...{ action: 'apply' as const, deployment, version, assignment: sealed },
      manifest: await manifestOf(assignment),
      signature: changes.signature ?? (await signAssignment(this.#tenant.signing, assignment)),
    })
    if (answer.action !== 'apply') throw new Error('the answer is for another action')
    return openResult(context, answer.result)
  }

  async ping(): Promise<Inventory> {
    return this.#caller(RUNTIME).call(exchanges.ping, { challenge: base64url(systemRandom(16)) })
  }

  async stop(assignment: Assignment): Promise<string> {
    const { deployment, version, runtime } = assignment
    const answer = await this.#caller(runtime).call(exchanges.deployment, { action: 'stop', deployment, version })
    return answer.action === 'stop' ? answer.state : 'another action'
  }

  /** Posts a text to the Runtime's signed door. */
  async post(token: string, runtime: string = RUNTIME): Promise<{ status: number; body: string }> {
    const { managementUrl, authority } = this.enrolled(runtime).request
    const answer = await requestHttps(`${managementUrl}/c2/v1/messages`, {
      ...{ method: 'POST', body: token, ca: [authority], timeoutMs: 10_000, bytesMax: 1_048_576 },
      headers: { 'content-type': 'application/jose' },
    })
    return { status: answer.status, body: fromUtf8(answer.body) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close()
  }

  async #enrol(body: string): Promise<string> {
    const { request, digest } = await openEnrolmentRequest(body, { tenant: TENANT, agreement: this.#tenant.agreement })
    const signingKey = fromBase64url(request.signingKey)
    const kid = await thumbprint(signingKey)
    const again = [...this.#known.values()].find((known) => known.kid === kid)
    const id = again?.id ?? IDS[this.#known.size] ?? STRANGER
    this.#known.set(id, { id, request, kid, key: await importVerifyKey(signingKey) })
    return sealEnrolmentAnswer(
      {
        ...{ runtime: id, tenant: TENANT, tenantName: 'Example', heartbeatIntervalMs: this.#heartbeatIntervalMs },
        signingKey: base64url(this.#tenant.signing.publicKey),
        agreementKey: base64url(this.#tenant.agreement.publicKey),
      },
      {
        ...{ key: this.#tenant.signing, agreement: this.#tenant.agreement, digest },
        recipient: fromBase64url(request.agreementKey),
      },
    )
  }

  #door() {
    return createDoor({
      self: { id: TENANT, key: this.#tenant.signing },
      verifyKeyOf: async (from, kid) => this.#keyOf(from, kid),
      nonces: new ReplayWindow(systemClock),
      answers: answersInMemory(),
      ...{ clock: systemClock, random: systemRandom, incarnation: base64url(systemRandom(16)), startedAtMs: 0 },
      handlers: [
        handle(exchanges.heartbeat, async (heartbeat, { from }) => {
          this.heartbeats.push(heartbeat)
          this.heardAtMs.push(systemClock.monotonic())
          // A Runtime that started again may be elsewhere.
          const known = this.#known.get(from)
          if (known) known.request = { ...known.request, managementUrl: heartbeat.managementUrl }
          return { time: rfc3339(systemClock.now()), peers: this.farSides.get(from) ?? [] }
        }),
        handle(exchanges.auditLogs, async ({ first, entries }) => this.#take('logs', this.logs, first, entries)),
        handle(exchanges.status, async ({ first, entries }) => this.#take('status', this.status, first, entries)),
      ],
    })
  }

  #keyOf(runtime: string, kid: string): CryptoKey | undefined {
    const known = this.#known.get(runtime)
    return known?.kid === kid ? known.key : undefined
  }

  #take<Entry>(
    stream: 'logs' | 'status',
    kept: { position: number; entry: Entry }[],
    first: number,
    entries: readonly Entry[],
  ): { through: number } {
    this.batches.push({ stream, first, count: entries.length })
    const known = kept.at(-1)?.position ?? 0
    entries.forEach((entry, index) => {
      if (first + index > known) kept.push({ position: first + index, entry })
    })
    return { through: kept.at(-1)?.position ?? 0 }
  }

  #caller(runtime: string) {
    return createCaller({
      self: { id: TENANT, key: this.#tenant.signing },
      to: runtime,
      verifyKeyOf: async (kid) => this.#keyOf(runtime, kid),
      post: async (token) => {
        const { status, body } = await this.post(token, runtime)
        if (status !== 200) throw new Error(`the Runtime answered ${status}: ${body}`)
        return body
      },
      ...{ clock: systemClock, random: systemRandom, incarnation: base64url(systemRandom(16)) },
    })
  }
}
