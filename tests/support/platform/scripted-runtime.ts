/** A Runtime by script: real keys, a real C2 door over HTTPS, wire's caller; what it answers is the test's choice. */

import * as v from 'valibot'
import {
  type Bytes,
  base64url,
  concatBytes,
  fromBase64url,
  fromUtf8,
  systemClock,
  systemRandom,
} from '../../../src/base/mod.ts'
import {
  type AgreementKey,
  createAuthority,
  generateStoredKeyPair,
  importVerifyKey,
  issueLeaf,
  loadAgreementKey,
  loadAuthority,
  loadSigningKey,
  type SigningKey,
  sha256Hex,
} from '../../../src/crypto/mod.ts'
import { type HttpsServer, requestHttps, serveHttps } from '../../../src/host/mod.ts'
import {
  Assignment,
  assignmentInfo,
  type Caller,
  checkManifest,
  createCaller,
  createDoor,
  type DeploymentInForce,
  type DeploymentRequest,
  type DeploymentResult,
  decodeEnrolmentCode,
  type EnrolmentAnswer,
  exchanges,
  type Heartbeat,
  handle,
  openCodeChunk,
  openDocument,
  openEnrolmentAnswer,
  type PeerStanding,
  ReplayWindow,
  sealEnrolmentRequest,
  sealResult,
  verifyAssignment,
} from '../../../src/wire/mod.ts'
import { answersInMemory } from '../wire/parties.ts'
import { SHA256_OF_NOTHING } from '../wire/samples.ts'

export type Answering = (
  assignment: Assignment,
  code: ReadonlyMap<string, Bytes>,
) => DeploymentResult | Promise<DeploymentResult>
type Told = { action: 'apply'; assignment: Assignment } | { action: 'stop'; deployment: string; version: number }

export class ScriptedRuntime implements AsyncDisposable {
  readonly told: Told[] = []
  readonly pings: string[] = []
  /** Every message that it sent, as it was signed. */
  readonly posted: string[] = []
  readonly code = new Map<string, Bytes>()
  readonly inForce: DeploymentInForce[] = []
  answering: Answering = () => ({ outcome: 'applied', state: 'running', reasons: [], lacking: [] })
  configurationHash = SHA256_OF_NOTHING
  /** Answers the door's HTTP itself, to play a Runtime that is broken. */
  broken: (() => Response) | undefined
  registration: EnrolmentAnswer | undefined
  readonly #chunks = new Map<string, Bytes[]>()
  #watchers: (() => void)[] = []
  #caller: Caller | undefined
  #receive: ((token: string) => Promise<string>) | undefined

  private constructor(
    readonly name: string,
    readonly signing: SigningKey,
    readonly agreement: AgreementKey,
    readonly authority: string,
    readonly server: HttpsServer,
    link: { serve: (request: Request) => Promise<Response> },
  ) {
    link.serve = async (request) => {
      if (this.broken) return this.broken()
      if (!this.#receive || new URL(request.url).pathname !== '/c2/v1/messages')
        return new Response('', { status: 400 })
      return new Response(await this.#receive(await request.text()))
    }
  }

  static async start(name: string): Promise<ScriptedRuntime> {
    const signing = await loadSigningKey(await generateStoredKeyPair('sign'))
    const agreement = await loadAgreementKey(await generateStoredKeyPair('agree'))
    const stored = await createAuthority({ name, clock: systemClock, random: systemRandom })
    const authority = await loadAuthority(stored)
    const tls = await issueLeaf(authority, {
      dnsNames: ['localhost'],
      ipAddresses: ['127.0.0.1'],
      lifetimeMs: 3_600_000,
      clock: systemClock,
    })
    const link = { serve: async (_: Request) => new Response('', { status: 503 }) }
    const server = await serveHttps({ hostname: '127.0.0.1', port: 0, tls, fetch: (request) => link.serve(request) })
    return new ScriptedRuntime(name, signing, agreement, stored.certificatePem, server, link)
  }

  get managementUrl(): string {
    return `https://127.0.0.1:${this.server.port}`
  }

  get id(): string {
    return this.registration?.runtime ?? 'rt_none'
  }

  /** Posts a sealed enrolment request and opens the answer; gives the status and problem of a refusal. */
  async enrol(text: string): Promise<{ status: number; code?: string }> {
    const code = decodeEnrolmentCode(text)
    const request = await sealEnrolmentRequest(
      {
        secret: code.secret,
        name: this.name,
        signingKey: base64url(this.signing.publicKey),
        agreementKey: base64url(this.agreement.publicKey),
        managementUrl: this.managementUrl,
        bridgePort: 32_100,
        authority: this.authority,
        version: '0.1.0',
        inventory: {
          credentials: [],
          libraries: [],
          componentTypes: [],
          bridgePort: 32_100,
          configurationHash: SHA256_OF_NOTHING,
          policy: {},
        },
      },
      { code, key: this.signing },
    )
    const url = `${code.platform}/t/${code.tenant}/c2/v1/enrolment`
    const ca = code.authority ?? ''
    const answer = await requestHttps(url, {
      method: 'POST',
      body: request,
      ca: [ca],
      timeoutMs: 5_000,
      bytesMax: 1_000_000,
    })
    if (answer.status !== 200) return { status: answer.status, code: JSON.parse(fromUtf8(answer.body)).code }
    this.registration = await openEnrolmentAnswer(fromUtf8(answer.body), { code, agreement: this.agreement, request })
    await this.#link(this.registration, { url: `${code.platform}/t/${code.tenant}/c2/v1/messages`, ca })
    return { status: 200 }
  }

  get caller(): Caller {
    if (!this.#caller) throw new RangeError('the scripted Runtime is not enrolled')
    return this.#caller
  }

  /** Answers with what the Platform knows of the other ends of its bridges. */
  async heartbeat(changes: Partial<Heartbeat> = {}, id?: string): Promise<readonly PeerStanding[]> {
    const heartbeat: Heartbeat = {
      version: '0.1.0',
      uptimeMs: 1_000,
      configurationHash: this.configurationHash,
      deployments: this.inForce,
      managementUrl: this.managementUrl,
      bridgePort: 32_100,
      authority: this.authority,
      trail: { count: 1, hash: SHA256_OF_NOTHING, signature: base64url(new Uint8Array(64)) },
      leaving: false,
      ...changes,
    }
    const { peers = [] } = await this.caller.call(exchanges.heartbeat, heartbeat, id === undefined ? {} : { id })
    return peers
  }

  /** Resolves once the condition holds; looked at again whenever the Platform has told this Runtime something. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#watchers.push(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close()
  }

  async #link(registration: EnrolmentAnswer, door: { url: string; ca: string }): Promise<void> {
    const verifyKey = await importVerifyKey(fromBase64url(registration.signingKey))
    const common = {
      self: { id: registration.runtime, key: this.signing },
      incarnation: base64url(systemRandom(16)),
      clock: systemClock,
      random: systemRandom,
    }
    this.#caller = createCaller({
      ...common,
      to: registration.tenant,
      verifyKeyOf: async () => verifyKey,
      post: async (token) => {
        this.posted.push(token)
        const answer = await requestHttps(door.url, {
          method: 'POST',
          body: token,
          ca: [door.ca],
          timeoutMs: 5_000,
          bytesMax: 1_100_000,
        })
        if (answer.status !== 200)
          throw new RangeError(`the Platform answered ${answer.status} ${fromUtf8(answer.body)}`)
        return fromUtf8(answer.body)
      },
    })
    const { receive } = createDoor({
      ...common,
      verifyKeyOf: async (from) => (from === registration.tenant ? verifyKey : undefined),
      nonces: new ReplayWindow(systemClock),
      answers: answersInMemory(),
      startedAtMs: 0,
      handlers: [
        handle(exchanges.ping, async ({ challenge }) => {
          this.pings.push(challenge)
          return {
            challenge,
            credentials: ['warehouse'],
            libraries: [],
            componentTypes: ['csv_file'],
            bridgePort: 32_100,
            configurationHash: this.configurationHash,
            policy: {},
          }
        }),
        handle(exchanges.deployment, (request) => this.#deployment(registration, request)),
        handle(exchanges.code, async (chunk) => {
          const sender = fromBase64url(registration.agreementKey)
          const content = await openCodeChunk(chunk, { ...registration, recipient: this.agreement, sender })
          const chunks = [...(this.#chunks.get(chunk.sha256) ?? []), content]
          this.#chunks.set(chunk.sha256, chunks)
          const whole = concatBytes(...chunks)
          if ((await sha256Hex(whole)) === chunk.sha256) this.code.set(chunk.sha256, whole)
          return { received: whole.byteLength }
        }),
      ],
    })
    this.#receive = async (token) => {
      const answer = await receive(token)
      for (const watcher of this.#watchers.splice(0)) watcher()
      return answer
    }
  }

  async #deployment(registration: EnrolmentAnswer, request: DeploymentRequest) {
    if (request.action === 'stop') {
      this.told.push({ action: 'stop', deployment: request.deployment, version: request.version })
      return { action: 'stop', state: 'stopped' } as const
    }
    const { document, context } = await openDocument(request.assignment, {
      recipient: this.agreement,
      sender: fromBase64url(registration.agreementKey),
      info: assignmentInfo({ ...registration, deployment: request.deployment, version: request.version }),
    })
    const assignment = v.parse(Assignment, document)
    await verifyAssignment(fromBase64url(registration.signingKey), assignment, request.signature)
    await checkManifest(assignment, request.manifest)
    this.told.push({ action: 'apply', assignment })
    return { action: 'apply', result: await sealResult(context, await this.answering(assignment, this.code)) } as const
  }
}
