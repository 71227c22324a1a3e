/** All that an owner looks at before a waiting version is approved: what it adds, what changes, its code, and who signed it. */
import { setImmediate } from 'node:timers/promises'
import { fromBase64url, printable, printableLines } from '../base/mod.ts'
import { fingerprint } from '../crypto/mod.ts'
import type { AssignedBridge, AssignedComponent, Assignment, Reason } from '../wire/mod.ts'
import { type Additions, additionsByKind } from './deployments/needs.ts'
import { CodeNotThere } from './errors.ts'
import type { RuntimeState } from './open-state.ts'
import type { CodeFiles } from './state/code-files.ts'
import type { Station } from './station.ts'

/** Bytes of one code file that are shown; the whole is downloaded. */
export const CODE_SHOWN_BYTES_MAX = 262_144
/**
 * Characters of all code together that are shown, and bytes of what is no text that are looked at: 16 files of the longest. As a page,
 * with each character marked up, 20 MiB at worst. A version may name hundreds of files, and be made to be too long to look at.
 */
export const CODE_SHOWN_TOTAL_MAX = 16 * CODE_SHOWN_BYTES_MAX

/** One part of the version: what it is now and what it would be, as JSON text; one of the two is missing where it comes or goes. */
export type PartChange = { part: string; before?: string; after?: string }
export type ReviewedCode = {
  sha256: string
  bytes: number
  /** The components that run it. */
  components: string[]
  /** True for code that the version in force does not have. */
  isNew: boolean
  /** Its text as far as it is shown, perhaps nothing of it; absent where it is no text. */
  text?: string
  /** True where there is more than is shown. */
  isCut: boolean
}
export type Review = {
  deployment: string
  blueprint: string
  system: string
  version: number
  receivedAtMs: number
  /** The version in force, which goes on until this one is approved. */
  inForce?: number
  adds: Additions
  /** What keeps it from running whatever the owner says; approving is refused until it is mended. */
  against: Reason[]
  changes: PartChange[]
  code: ReviewedCode[]
  /** The Platform Tenant whose signature over it was verified, and the fingerprint of its keys, to compare by another way. */
  signer: { tenant: string; tenantName: string; platform: string; fingerprint: string }
}

export type ReviewDeps = Pick<Station, 'deployments'> & {
  state: Pick<RuntimeState, 'assignments' | 'code' | 'enrolment' | 'peers'>
}

/** Refuses `deployment.not_found`, `deployment.not_waiting`, and `deployment.forbidden` where the signature does not hold. */
export async function reviewOf({ deployments, state }: ReviewDeps, deployment: string): Promise<Review> {
  const { kept, assignment, adds, against } = await deployments.waiting(deployment)
  const current = await state.assignments.placed(deployment, 'current')
  const before = current && (await state.assignments.open(deployment, current.version))
  const names = new Map((await state.peers.list()).accepted.map(({ runtime, name }) => [runtime, name]))
  return {
    ...{ deployment, blueprint: kept.blueprint, system: kept.system, version: kept.version },
    receivedAtMs: kept.receivedAtMs,
    ...(current && { inForce: current.version }),
    ...{ adds: additionsByKind(adds, names), against },
    changes: changesOf(before, assignment, (peer) => names.get(peer) ?? peer),
    code: await codeOf(state, assignment, before),
    signer: await signerOf(state),
  }
}

/** The whole content of a code file of the version that waits. Refuses `code.not_there` for every other. */
export async function reviewedCode({ deployments, state }: ReviewDeps, deployment: string, sha256: string) {
  const { assignment } = await deployments.waiting(deployment)
  const isIts = assignment.components.some(({ code }) => code?.sha256 === sha256)
  const content = isIts ? await state.code.find(sha256) : undefined
  if (!content) throw new CodeNotThere('the version that waits has no such code')
  return content
}

async function signerOf({ enrolment }: ReviewDeps['state']): Promise<Review['signer']> {
  const registration = await enrolment.registration()
  const { tenant = '', tenantName = '', platformUrl: platform = '', signingKey, agreementKey } = registration ?? {}
  const keys = [signingKey, agreementKey].flatMap((key) => (key === undefined ? [] : [fromBase64url(key)]))
  return {
    tenant,
    tenantName: printable(tenantName),
    platform,
    fingerprint: keys.length === 0 ? '' : await fingerprint(keys),
  }
}

/** Components by name, then the ends of bridges, then the classes of fields; of those that stay the same nothing. */
function changesOf(before: Assignment | undefined, after: Assignment, peerName: (id: string) => string): PartChange[] {
  const parts = (assignment: Assignment | undefined): Map<string, string> =>
    new Map([
      ...(assignment?.components ?? []).map((one): [string, string] => [one.name, textOf(componentShown(one))]),
      ...(assignment?.bridges ?? []).map((one): [string, string] => [
        bridgePart(one, peerName),
        textOf(bridgeShown(one)),
      ]),
      ...(assignment ? [['classification', textOf(assignment.classification)] as const] : []),
    ])
  const [old, next] = [parts(before), parts(after)]
  return [...new Set([...next.keys(), ...old.keys()])].flatMap((part) => {
    const [was, is] = [old.get(part), next.get(part)]
    if (was === is || (part === 'classification' && was === undefined && is === '{}')) return []
    return [{ part, ...(was !== undefined && { before: was }), ...(is !== undefined && { after: is }) }]
  })
}

function componentShown({ type, from, config, code }: AssignedComponent) {
  return { type, from, config, ...(code && { code: code.sha256 }) }
}

/** Its id, label and secret are new with every version, and the last one is nobody's to see. */
function bridgeShown({ direction, from, to, role, address, peer }: AssignedBridge) {
  return { direction, peer, from, to, role, ...(address && { address: `${address.host}:${address.port}` }) }
}

function bridgePart({ direction, from, peer }: AssignedBridge, peerName: (id: string) => string): string {
  return direction === 'out' ? `${from} to ${peerName(peer)}` : `${from} from ${peerName(peer)}`
}

function textOf(value: unknown): string {
  return printableLines(JSON.stringify(value, null, 2))
}

async function codeOf(
  { code: files }: ReviewDeps['state'],
  { components }: Assignment,
  before: Assignment | undefined,
): Promise<ReviewedCode[]> {
  const known = new Set((before?.components ?? []).map(({ code }) => code?.sha256))
  const byHash = new Map<string, ReviewedCode>()
  for (const { name, code } of components) {
    if (!code) continue
    const found = byHash.get(code.sha256)
    if (found) found.components.push(name)
    else byHash.set(code.sha256, { ...code, components: [name], isNew: !known.has(code.sha256), isCut: false })
  }
  // What is new takes the room before what the owner has seen.
  const all = [...byHash.values()].sort((a, b) => Number(b.isNew) - Number(a.isNew))
  let left = CODE_SHOWN_TOTAL_MAX
  for (const reviewed of all) {
    left -= await showCode(files, reviewed, left)
    // Characters are looked at one by one: heartbeats go out in between.
    await setImmediate()
  }
  return all
}

/** Gives a file the text that is shown of it; answers how much of the room it took. */
async function showCode(files: Pick<CodeFiles, 'beginning'>, reviewed: ReviewedCode, left: number): Promise<number> {
  reviewed.isCut = reviewed.bytes > CODE_SHOWN_BYTES_MAX || left === 0
  if (left === 0) {
    reviewed.text = ''
    return 0
  }
  const content = await files.beginning(reviewed.sha256, CODE_SHOWN_BYTES_MAX)
  const text = content && asText(content, reviewed.bytes > content.byteLength)
  if (text === undefined) return Math.min(left, content?.byteLength ?? 0)
  // Code must not read otherwise than it runs (CVE-2021-42574): what is drawn as nothing, or turns a line, is written out.
  const shown = printableLines(text)
  reviewed.isCut ||= shown.length > left
  reviewed.text = shown.slice(0, left)
  return reviewed.text.length
}

/** The beginning of a file as text; `undefined` where it is none. What is cut may end within a character. */
function asText(content: Uint8Array<ArrayBuffer>, isCut: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content, { stream: isCut })
  } catch {
    return undefined
  }
}
