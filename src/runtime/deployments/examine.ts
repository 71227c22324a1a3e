/** Why an assignment cannot run here, item by item: nothing of it is started, and the version in force stays untouched. */
import { ANY_FIELDS, type AnyDefinition, chooseDefinition, parseConfig } from '../../pipeline/mod.ts'
import type { AssignedComponent, Assignment, Reason } from '../../wire/mod.ts'
import type { Policy } from '../policy/policy.ts'
import { forbidden } from '../policy/rules.ts'
import { CODE_BYTES_MAX } from '../state/code-files.ts'
import type { ComponentTypes } from './component-types.ts'
import { type Folders, reachesOwnFiles } from './own-files.ts'
import { saidOf } from './reasons.ts'
import type { ComponentRole, Touches } from './touches.ts'
import { wiringReasons } from './wiring-reasons.ts'

/** Reasons told in one answer; the first ones are enough to go by. */
const REASONS_MAX = 32
/** Characters of a reason's item: PROTOCOL.md, Deployments. A path may be longer. */
const ITEM_LENGTH_MAX = 256

/**
 * Control characters, line ends, and what is drawn as nothing or turns the direction of a line (Unicode's format
 * characters and default-ignorable code points): a name with one of them is not the name that the owner reads when asked to approve it.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

export type Surroundings = {
  types: ComponentTypes
  /** Names of the credentials in the vault. */
  credentials: ReadonlySet<string>
  /** Libraries that are installed: SHA-256 by `name@version`. */
  libraries?: ReadonlyMap<string, string>
  /** Ids of the Runtimes that the owner accepted. */
  peers: ReadonlySet<string>
  folders: Folders
  /** The owner's rules. */
  policy: Policy
}

/** Everything that stands against it; empty when it can run. */
export function examine(assignment: Assignment, surroundings: Surroundings): Reason[] {
  const { components, bridges, classification } = assignment
  return [
    ...components.flatMap((component) =>
      componentReasons(component, surroundings).map((reason) => saidOf(component, reason)),
    ),
    ...bridges
      .filter((bridge) => !surroundings.peers.has(bridge.peer))
      .map((bridge) => ({ code: 'peer.unknown', item: bridge.peer })),
    ...bridges
      .filter(({ address }) => address && UNPRINTABLE.test(address.host))
      .map(({ bridge }) => ({ code: 'policy.name_unprintable', item: bridge })),
    ...(Object.keys(classification).some((field) => UNPRINTABLE.test(field))
      ? [{ code: 'policy.name_unprintable', item: 'classification' }]
      : []),
    ...wiringReasons(assignment, (component) => definitionOf(component, surroundings.types)?.kind),
    ...policyReasons(assignment, surroundings),
  ]
    .slice(0, REASONS_MAX)
    .map(({ item, ...reason }: Reason) =>
      item === undefined ? reason : { ...reason, item: item.slice(0, ITEM_LENGTH_MAX) },
    )
}

/** What the owner's rules alone have against it, whatever else may be wrong. */
export function policyReasons(
  assignment: Assignment,
  { types, folders, policy }: Pick<Surroundings, 'types' | 'folders' | 'policy'>,
): Reason[] {
  return forbidden(assignment, policy, { touchesOf: (component) => touchesOf(component, types), folders })
}

/** The definition of a component's type; of two under one name the source, unless it takes records. */
export function definitionOf(
  component: Pick<AssignedComponent, 'type' | 'from'>,
  types: ComponentTypes,
): AnyDefinition | undefined {
  return chooseDefinition(types, component.type, component.from.length > 0)
}

/** What a component that passed `examine` touches; an unknown type or config touches nothing, since it never runs. */
export function touchesOf(
  component: AssignedComponent,
  types: ComponentTypes,
): { role: ComponentRole; touches: Touches } {
  const definition = definitionOf(component, types)
  const config = definition && parsedConfig(definition, component)
  if (!definition || config === undefined) return { role: 'transform', touches: {} }
  return { role: definition.kind, touches: definition.touches(config) }
}

/** Names of all credentials that the assignment's components use: no others are ever handed to its worker. */
export function credentialsOf(assignment: Assignment, types: ComponentTypes): Set<string> {
  return new Set(assignment.components.flatMap((component) => touchesOf(component, types).touches.credentials ?? []))
}

function componentReasons(component: AssignedComponent, surroundings: Surroundings): Reason[] {
  const { types, credentials, folders, libraries: installed } = surroundings
  const definition = definitionOf(component, types)
  if (!definition) return [{ code: 'component.type_unknown', item: component.type }]
  const config = parsedConfig(definition, component)
  if (config === undefined) return [{ code: 'component.config_invalid', item: component.name }]
  if (component.code && component.code.bytes > CODE_BYTES_MAX) {
    return [{ code: 'component.code_too_large', item: component.name }]
  }
  if (component.code && !definition.code) return [{ code: 'component.code_unexpected', item: component.name }]
  if (!component.code && !runsWithoutCode(definition, config)) {
    return [{ code: 'component.config_invalid', item: component.name }]
  }
  const { credentials: named = [], paths = [], hosts = [], tables = [], libraries = [] } = definition.touches(config)
  // The name itself would be as unreadable in the answer.
  if ([...named, ...paths, ...hosts, ...tables, ...libraries].some((name) => UNPRINTABLE.test(name))) {
    return [{ code: 'policy.name_unprintable', item: component.name }]
  }
  return [
    ...named.filter((name) => !credentials.has(name)).map((item) => ({ code: 'credential.missing', item })),
    ...libraries.filter((name) => !installed?.has(name)).map((item) => ({ code: 'library.missing', item })),
    ...paths.filter((path) => reachesOwnFiles(path, folders)).map((item) => ({ code: 'policy.path_forbidden', item })),
  ]
}

/** Whether the config of a type that takes code says enough without: its own check of expressions knows. */
function runsWithoutCode(definition: AnyDefinition, config: object): boolean {
  if (!definition.code || definition.kind !== 'transform') return true
  try {
    definition.fields(config, ANY_FIELDS)
    return true
  } catch {
    return false
  }
}

function parsedConfig(definition: AnyDefinition, component: AssignedComponent): object | undefined {
  try {
    return parseConfig(definition, component.config)
  } catch {
    return undefined
  }
}
