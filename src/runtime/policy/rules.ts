/** Which of the owner's rules an assignment breaks: reason by reason, each with the item that it is about. */
import type { AssignedComponent, Assignment, Reason } from '../../wire/mod.ts'
import { type Folders, reachesOnly } from '../deployments/own-files.ts'
import { saidOf } from '../deployments/reasons.ts'
import type { Touches, TouchesOf } from '../deployments/touches.ts'
import type { Policy, PolicyKey } from './policy.ts'

/** The rule behind each code, for who is to look where. */
export const RULE_OF: Readonly<Record<string, PolicyKey>> = {
  'policy.peer_forbidden': 'peers',
  'policy.type_forbidden': 'componentTypes',
  'policy.host_forbidden': 'hosts',
  'policy.root_forbidden': 'fileRoots',
  'policy.table_forbidden': 'tables',
  'policy.script_forbidden': 'scripts',
  'policy.workers_max': 'workersMax',
  'policy.waiting_max': 'waitingMax',
}

/** Everything that the rules have against it; empty when it may run, or wait. */
export function forbidden(
  assignment: Assignment,
  policy: Policy,
  { touchesOf, folders }: { touchesOf: TouchesOf; folders: Folders },
): Reason[] {
  const reasons: Reason[] = [
    ...assignment.components.flatMap((component) =>
      componentReasons(component, touchesOf(component).touches, policy, folders).map((reason) =>
        saidOf(component, reason),
      ),
    ),
    ...assignment.bridges.flatMap(({ peer, address }) => [
      ...(isListed(policy.peers, 'accepted', (allowed) => allowed === peer)
        ? []
        : [{ code: 'policy.peer_forbidden', item: peer }]),
      ...(address ? hostReasons([`${address.host}:${address.port}`], policy) : []),
    ]),
  ]
  return [...new Map(reasons.map((reason) => [JSON.stringify(reason), reason])).values()]
}

function componentReasons(
  { name, type }: AssignedComponent,
  { paths = [], hosts = [], tables = [], script }: Touches,
  policy: Policy,
  folders: Folders,
): Reason[] {
  const { componentTypes, fileRoots, scripts } = policy
  const mayRunScript =
    script === undefined || scripts === 'native' || (scripts === 'sandboxed' && script === 'sandboxed')
  return [
    ...(isListed(componentTypes, 'any', (allowed) => allowed === type)
      ? []
      : [{ code: 'policy.type_forbidden', item: type }]),
    ...hostReasons(hosts, policy),
    ...paths
      .filter((path) => fileRoots !== 'any' && !reachesOnly(path, fileRoots, folders))
      .map((item) => ({ code: 'policy.root_forbidden', item })),
    ...tables
      .filter((table) => !isListed(policy.tables, 'any', (pattern) => matches(pattern, table)))
      .map((item) => ({ code: 'policy.table_forbidden', item })),
    ...(mayRunScript ? [] : [{ code: 'policy.script_forbidden', item: name }]),
  ]
}

/** Whether the rules allow to connect to `host:port`. */
export function allowsHost(policy: Pick<Policy, 'hosts'>, hostAndPort: string): boolean {
  return isListed(policy.hosts, 'any', (pattern) => hostFits(pattern, hostAndPort))
}

function hostReasons(hosts: readonly string[], policy: Policy): Reason[] {
  return hosts.filter((host) => !allowsHost(policy, host)).map((item) => ({ code: 'policy.host_forbidden', item }))
}

function isListed<Word extends string>(
  list: Word | readonly string[],
  word: Word,
  fits: (allowed: string) => boolean,
): boolean {
  return list === word || (typeof list !== 'string' && list.some(fits))
}

/** `host:port` against a pattern, as `HostPattern` has it. A name's last dot and its case say nothing. */
function hostFits(pattern: string, hostAndPort: string): boolean {
  const [allowed, allowedPort] = partsOf(pattern)
  const [host, port] = partsOf(hostAndPort)
  if (allowedPort !== undefined && allowedPort !== port) return false
  return allowed.startsWith('*.')
    ? host.endsWith(allowed.slice(1)) && host.length > allowed.length - 1
    : host === allowed
}

function partsOf(text: string): [host: string, port: string | undefined] {
  const found = /^(?<host>.*?)(?::(?<port>\d+))?$/s.exec(text.toLowerCase())
  const bare = (found?.groups?.['host'] ?? '').replace(/^\[|\]$/g, '').replace(/\.$/, '')
  return [bare, found?.groups?.['port']]
}

/** `*` stands for any characters. Matched piece by piece: no pattern makes it slow. */
function matches(pattern: string, text: string): boolean {
  const pieces = pattern.split('*')
  const [first = '', last = ''] = [pieces[0], pieces.at(-1)]
  if (pieces.length === 1) return pattern === text
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return at <= text.length - last.length
}
