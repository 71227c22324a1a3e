/**
 * What an assignment would touch, item by item, and which of it the owner has not approved before.
 * Items name the act and not just the thing: reading a path is not writing it, a credential is approved for one use of it,
 * sending to a peer is not receiving from it. So two approvals cannot be combined into a third.
 */
import { printable } from '../../base/mod.ts'
import type { Assignment } from '../../wire/mod.ts'
import { waysOut } from './flows.ts'
import type { ComponentRole, Touches, TouchesOf } from './touches.ts'

export type NeedKind =
  | 'read-path'
  | 'write-path'
  | 'host'
  | 'table'
  | 'credential'
  | 'send-peer'
  | 'receive-peer'
  | 'script'
  | 'library'
  /** What is done to records before they reach a sink or a peer. Not asked for where the owner's rules leave expressions free. */
  | 'flow'
  | 'declassification'
  /** The deployment itself: nothing of one that its owner never approved starts, however little it needs. */
  | 'deployment'
  /** Leave to run again, after its owner had stopped it. */
  | 'restart'
  /** Remembered, never asked for: its owner stopped it. */
  | 'stopped-by-owner'
  /** Remembered, never asked for: fields that were restricted when the owner approved. */
  | 'restricted-field'
export type Need = { kind: NeedKind; item: string }

/**
 * Every need of an assignment but declassifications, sorted, each once. `libraries`: SHA-256 by `name@version` of what is installed; a
 * library is needed with its content, so that another one under the same name is another need.
 */
export function needsOf(
  assignment: Assignment,
  touchesOf: TouchesOf,
  libraries: ReadonlyMap<string, string> = new Map(),
): Need[] {
  const needs: Need[] = []
  for (const component of assignment.components) {
    const { role, touches } = touchesOf(component)
    needs.push(...componentNeeds(component.type, role, touches))
    for (const name of touches.libraries ?? []) {
      needs.push({ kind: 'library', item: `${name} ${libraries.get(name) ?? ''}` })
    }
    if (component.code) needs.push({ kind: 'script', item: component.code.sha256 })
  }
  for (const bridge of assignment.bridges) {
    needs.push({ kind: bridge.direction === 'out' ? 'send-peer' : 'receive-peer', item: bridge.peer })
    if (bridge.address) needs.push({ kind: 'host', item: `${bridge.address.host}:${bridge.address.port}` })
  }
  for (const { out, sha256 } of waysOut(assignment, touchesOf)) needs.push({ kind: 'flow', item: `${out} ${sha256}` })
  return distinct(needs)
}

function componentNeeds(type: string, role: ComponentRole, touches: Touches): Need[] {
  const { paths = [], hosts = [], tables = [], credentials = [] } = touches
  const where = [...paths, ...hosts].join(' ')
  const use = where === '' ? type : `${type} at ${where}`
  return [
    ...paths.map((item): Need => ({ kind: role === 'sink' ? 'write-path' : 'read-path', item })),
    ...hosts.map((item): Need => ({ kind: 'host', item })),
    ...tables.map((table): Need => ({ kind: 'table', item: `${table} by ${[use, ...credentials].join(' with ')}` })),
    ...credentials.map((credential): Need => ({ kind: 'credential', item: `${credential} for ${use}` })),
  ]
}

/** What decides, beside the items themselves, whether something is an addition. */
export type AdditionRules = { expressions: 'approve' | 'free' }

/** What the assignment adds to what was approved: it waits for the owner unless this is empty. */
export function additions(
  needs: readonly Need[],
  approved: readonly Need[],
  assignment: Assignment,
  { expressions }: AdditionRules,
): Need[] {
  const known = new Set(approved.map(keyOf))
  const declassified = approved
    .filter((need) => need.kind === 'restricted-field' && assignment.classification[need.item] !== 'restricted')
    .map((need): Need => ({ kind: 'declassification', item: need.item }))
  const asked = [...needs.filter(({ kind }) => kind !== 'flow' || expressions === 'approve'), ...declassified]
  return distinct([...asked, ...leaveToRun(approved, assignment)]).filter((need) => !known.has(keyOf(need)))
}

/** What is asked for whatever it needs: the first version of a deployment, and one that its owner stopped. */
function leaveToRun(approved: readonly Need[], { blueprint }: Assignment): Need[] {
  const isStopped = approved.some(({ kind }) => kind === 'stopped-by-owner')
  const isNew = !approved.some(({ kind }) => kind !== 'stopped-by-owner')
  return [
    ...(isNew ? [{ kind: 'deployment' as const, item: blueprint }] : []),
    ...(isStopped ? [{ kind: 'restart' as const, item: blueprint }] : []),
  ]
}

/** What to remember when the owner approves: the needs, that it was, and which fields were restricted then. */
export function remembered(needs: readonly Need[], assignment: Assignment): Need[] {
  const asked = needs.filter(({ kind }) => kind !== 'declassification' && kind !== 'restart')
  return distinct([...asked, { kind: 'deployment', item: assignment.blueprint }, ...restrictedFields(assignment)])
}

/** What to remember of a version that started within what was approved: what it restricts is not made public unasked later. */
export function restrictedFields(assignment: Assignment): Need[] {
  return Object.entries(assignment.classification)
    .filter(([, classification]) => classification === 'restricted')
    .map(([item]): Need => ({ kind: 'restricted-field', item }))
}

function keyOf(need: Need): string {
  return `${need.kind}\n${need.item}`
}

function distinct(needs: readonly Need[]): Need[] {
  const byKey = new Map(needs.map((need) => [keyOf(need), need]))
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, need]) => need)
}

/** Additions as a person reads them, with nothing in them that is not seen. Paths say whether they are read or written, peers which way records go. */
export type Additions = {
  paths: string[]
  hosts: string[]
  tables: string[]
  credentials: string[]
  peers: string[]
  code: string[]
  libraries: string[]
  /** What reaches each sink and each peer, by the hash of all that is done to it before. */
  flows: string[]
  declassifications: string[]
  /** That it is the first version here, or that it runs again after its owner stopped it. */
  leave: string[]
}

/** `names`: what the owner's list calls other Runtimes, by their ids. */
export function additionsByKind(adds: readonly Need[], names: ReadonlyMap<string, string> = new Map()): Additions {
  const named = (text: string): string =>
    text.replace(/\brt_[0-9a-f-]{36}/g, (id) => (names.has(id) ? `${names.get(id)} (${id})` : id))
  const of = (kind: NeedKind, words: (item: string) => string = (item) => item): string[] =>
    adds.filter((need) => need.kind === kind).map(({ item }) => printable(words(item)))
  return {
    paths: [...of('read-path', (item) => `read ${item}`), ...of('write-path', (item) => `write ${item}`)],
    hosts: of('host'),
    tables: of('table'),
    credentials: of('credential'),
    peers: [
      ...of('send-peer', (item) => `send to ${named(item)}`),
      ...of('receive-peer', (item) => `receive from ${named(item)}`),
    ],
    code: of('script'),
    libraries: of('library', libraryWords),
    flows: of('flow', (item) => named(flowWords(item))),
    declassifications: of('declassification'),
    leave: [
      ...of('deployment', (item) => `run ${item} here for the first time`),
      ...of('restart', (item) => `run ${item} again, which was stopped here`),
    ],
  }
}

/** `warehouse 3f2a…` as `what reaches warehouse (3f2a90b1c2d3)`: twelve digits are enough for a person to tell two apart. */
function flowWords(item: string): string {
  const [out, sha256] = splitItem(item)
  return `what reaches ${out} (${sha256.slice(0, 12)})`
}

function libraryWords(item: string): string {
  const [library, sha256] = splitItem(item)
  return `${library} (SHA-256 ${sha256})`
}

/** A need's item that ends with a hash: what it is of, and the hash. */
export function splitItem(item: string): [string, string] {
  const end = item.lastIndexOf(' ')
  return [item.slice(0, end), item.slice(end + 1)]
}
