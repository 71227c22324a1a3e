/**
 * What an assignment would touch, item by item, and which of it the owner has not approved before.
 * Items name the act and not just the thing: reading a path is not writing it, a credential is approved for one use of it,
 * sending to a peer is not receiving from it. So two approvals cannot be combined into a third.
 */
import type { Assignment } from '../../wire/mod.ts'

export type NeedKind =
  | 'read-path'
  | 'write-path'
  | 'host'
  | 'table'
  | 'credential'
  | 'send-peer'
  | 'receive-peer'
  | 'script'
  | 'declassification'
  /** Remembered, never asked for: fields that were restricted when the owner approved. */
  | 'restricted-field'
export type Need = { kind: NeedKind; item: string }

/** What one component touches, as its type's definition says. */
export type Touches = {
  paths?: readonly string[] | undefined
  hosts?: readonly string[] | undefined
  tables?: readonly string[] | undefined
  credentials?: readonly string[] | undefined
}
export type TouchesOf = (component: Assignment['components'][number]) => { role: ComponentRole; touches: Touches }
export type ComponentRole = 'source' | 'transform' | 'sink'

/** Every need of an assignment but declassifications, sorted, each once. */
export function needsOf(assignment: Assignment, touchesOf: TouchesOf): Need[] {
  const needs: Need[] = []
  for (const component of assignment.components) {
    const { role, touches } = touchesOf(component)
    needs.push(...componentNeeds(component.type, role, touches))
    if (component.code) needs.push({ kind: 'script', item: component.code.sha256 })
  }
  for (const bridge of assignment.bridges) {
    needs.push({ kind: bridge.direction === 'out' ? 'send-peer' : 'receive-peer', item: bridge.peer })
    if (bridge.address) needs.push({ kind: 'host', item: `${bridge.address.host}:${bridge.address.port}` })
  }
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

/** What the assignment adds to what was approved: it waits for the owner unless this is empty. */
export function additions(needs: readonly Need[], approved: readonly Need[], assignment: Assignment): Need[] {
  const known = new Set(approved.map(keyOf))
  const declassified = approved
    .filter((need) => need.kind === 'restricted-field' && assignment.classification[need.item] !== 'restricted')
    .map((need): Need => ({ kind: 'declassification', item: need.item }))
  return distinct([...needs, ...declassified]).filter((need) => !known.has(keyOf(need)))
}

/** What to remember when the owner approves: the needs, and which fields were restricted then. */
export function remembered(needs: readonly Need[], assignment: Assignment): Need[] {
  const restricted = Object.entries(assignment.classification)
    .filter(([, classification]) => classification === 'restricted')
    .map(([item]): Need => ({ kind: 'restricted-field', item }))
  return distinct([...needs.filter((need) => need.kind !== 'declassification'), ...restricted])
}

function keyOf(need: Need): string {
  return `${need.kind}\n${need.item}`
}

function distinct(needs: readonly Need[]): Need[] {
  const byKey = new Map(needs.map((need) => [keyOf(need), need]))
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, need]) => need)
}

/** Additions as a person reads them. Paths say whether they are read or written, peers which way records go. */
export type Additions = {
  paths: string[]
  hosts: string[]
  tables: string[]
  credentials: string[]
  peers: string[]
  code: string[]
  declassifications: string[]
}

export function additionsByKind(adds: readonly Need[]): Additions {
  const of = (kind: NeedKind, words = ''): string[] =>
    adds.filter((need) => need.kind === kind).map((need) => `${words}${need.item}`)
  return {
    paths: [...of('read-path', 'read '), ...of('write-path', 'write ')],
    hosts: of('host'),
    tables: of('table'),
    credentials: of('credential'),
    peers: [...of('send-peer', 'send to '), ...of('receive-peer', 'receive from ')],
    code: of('script'),
    declassifications: of('declassification'),
  }
}
