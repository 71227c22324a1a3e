/**
 * One certificate by ACME (RFC 8555), proved by http-01: the protocol is acme-client's, the way out is our own HTTPS with its bounds
 * and a CA that can be named. The client is loaded when it is needed.
 */
import { AppError, Cancelled, type Clock, fromUtf8, pause } from '../base/mod.ts'
import { checkServerCertificate, pemOf, readCertificates, readPrivateKey } from '../crypto/mod.ts'
import { requestHttps, type TlsMaterial } from '../host/mod.ts'
import { AcmeRefused, AcmeUnreachable } from './errors.ts'
import type { AcmeSettings } from './kept.ts'
import { listenForProofs, type ProofListener } from './proof-listener.ts'

/** One exchange with the authority, and the longest answer: a chain is below 64 KiB. */
const EXCHANGE_TIMEOUT_MS = 30_000
const ANSWER_BYTES_MAX = 1_048_576
/** How often an order is looked at, and how often at most: 60 × 2 s = two minutes for a proof or an issuance. */
const POLL_MS = 2_000
const POLLS_MAX = 60

type Library = typeof import('acme-client')
type Client = InstanceType<Library['Client']>

export type AcmeDeps = {
  /** Where the proof is answered; the port is a setting. */
  hostname: string
  clock: Clock
}

/** Makes what fetches one certificate; the caller sees that there is one order at a time. */
export function acmeOrders(deps: AcmeDeps) {
  return async (settings: AcmeSettings, accountKeyPem: string, signal: AbortSignal): Promise<TlsMaterial> => {
    try {
      return await orderCertificate(deps, settings, accountKeyPem, signal)
    } catch (cause) {
      if (signal.aborted) throw new Cancelled('the order was broken off', { cause })
      if (cause instanceof AppError) throw cause
      throw new AcmeRefused(`the authority refused: ${cause instanceof Error ? cause.message : 'without words'}`, {
        cause,
      })
    }
  }
}

async function orderCertificate(
  deps: AcmeDeps,
  settings: AcmeSettings,
  accountKeyPem: string,
  signal: AbortSignal,
): Promise<TlsMaterial> {
  const acme = await import('acme-client')
  acme.axios.defaults.adapter = exchanging(settings.ca, signal)
  const client = new acme.Client({ directoryUrl: settings.directory, accountKey: accountKeyPem })
  await openAccount(client, settings.contact)
  const order = await client.createOrder({ identifiers: settings.names.map((value) => ({ type: 'dns', value })) })
  await using proofs = await listenForProofs({ hostname: deps.hostname, port: settings.port })
  await prove(client, proofs, order)
  await poll(deps.clock, signal, async () => {
    const pending = (await client.getAuthorizations(order)).filter(({ status }) => status !== 'valid')
    const failed = pending.find(({ status }) => status !== 'pending')
    if (failed) throw new AcmeRefused(`the proof for ${failed.identifier.value} failed: ${wordsOf(failed)}`)
    return pending.length === 0 || undefined
  })
  const [key, request] = await acme.crypto.createCsr(
    { altNames: settings.names },
    await acme.crypto.createPrivateEcdsaKey(),
  )
  await client.finalizeOrder(order, request)
  const done = await poll(deps.clock, signal, async () => {
    const now = await client.getOrder(order)
    if (now.status === 'invalid') throw new AcmeRefused('the authority refused to issue the certificate')
    return now.status === 'valid' ? now : undefined
  })
  const chain = readCertificates(await client.getCertificate(done))
  const privateKey = readPrivateKey(key.toString())
  // An authority may err too, and nothing unusable is to take the place of what works.
  await checkServerCertificate(chain, privateKey, deps.clock.now())
  return { certificatePem: pemOf(chain), privateKeyPem: key.toString() }
}

/** The account of our key, made when there is none. The library's own way sends an empty change to one that exists. */
async function openAccount(client: Client, contact: string | undefined): Promise<void> {
  try {
    await client.createAccount({ onlyReturnExisting: true })
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    const about = contact === undefined ? {} : { contact: [`mailto:${contact}`] }
    await client.createAccount({ termsOfServiceAgreed: true, ...about })
  }
}

/** Puts the proofs in place, then says so to the authority. */
async function prove(client: Client, proofs: ProofListener, order: Parameters<Client['getAuthorizations']>[0]) {
  for (const { status, identifier, challenges } of await client.getAuthorizations(order)) {
    if (status === 'valid') continue
    const challenge = challenges.find(({ type }) => type === 'http-01')
    if (!challenge) throw new AcmeRefused(`the authority offers no proof by HTTP for ${identifier.value}`)
    proofs.show(challenge.token, await client.getChallengeKeyAuthorization(challenge))
    await client.completeChallenge(challenge)
  }
}

async function poll<T>(clock: Clock, signal: AbortSignal, look: () => Promise<T | undefined>): Promise<T> {
  for (let polls = 0; polls < POLLS_MAX; polls++) {
    const found = await look()
    if (found !== undefined) return found
    if (!(await pause(clock, POLL_MS, signal))) throw new Cancelled('the order was broken off')
  }
  throw new AcmeRefused('the authority did not come to an end in time')
}

function wordsOf(authorization: { challenges: readonly object[] }): string {
  for (const challenge of authorization.challenges)
    if ('error' in challenge && challenge.error instanceof Object && 'detail' in challenge.error)
      return String(challenge.error.detail)
  return 'it gave no reason'
}

type Adapter = Exclude<Library['axios']['defaults']['adapter'], string | readonly unknown[] | undefined>

/** How the library's requests go out. It has its own ideas of retries and proxies; ours are backoff by the hour, and none. */
function exchanging(ca: string | undefined, signal: AbortSignal): Adapter {
  return async (config) => {
    const url = String(config.url)
    if (!url.startsWith('https://')) throw new AcmeRefused('the authority points to an address without HTTPS')
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(config.headers.toJSON()))
      if (value != null) headers[name] = String(value)
    try {
      const {
        status,
        headers: answered,
        body,
      } = await requestHttps(url, {
        method: (config.method ?? 'get').toUpperCase(),
        headers,
        ...(config.data !== undefined && { body: String(config.data) }),
        ca: ca === undefined ? [] : [ca],
        systemRoots: ca === undefined,
        timeoutMs: EXCHANGE_TIMEOUT_MS,
        bytesMax: ANSWER_BYTES_MAX,
        signal,
      })
      return { data: fromUtf8(body), status, statusText: '', headers: answered, config }
    } catch (cause) {
      throw new AcmeUnreachable(`the authority at ${new URL(url).host} cannot be asked`, { cause })
    }
  }
}
