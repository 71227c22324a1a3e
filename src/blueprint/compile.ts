/** Turns a Blueprint into one assignment for each of its Runtimes, and puts a Secure Bridge wherever a flow crosses systems. */
import { AppError, base64url, type Clock, hex, newId, ownValue, type Random, rfc3339 } from '../base/mod.ts'
import { sha256Hex } from '../crypto/mod.ts'
import type {
  AssignedBridge,
  AssignedComponent,
  Assignment,
  CodeReference,
  DeploymentId,
  RuntimeId,
  TenantId,
} from '../wire/mod.ts'
import { type Blueprint, inputsOf } from './schema.ts'

/** A system of the Blueprint names a Runtime that the Platform does not know, or that is not ready. */
export class BlueprintTargetMissing extends AppError {
  override readonly code = 'blueprint.target_missing' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Enrol that Runtime first, or name another one under `systems`.'
}

/** A file of code that the Blueprint names did not come with it. */
export class BlueprintCodeMissing extends AppError {
  override readonly code = 'blueprint.code_missing' as const
  override readonly advice = 'Deploy with `sluice blueprint deploy FILE`, which sends the code beside it.'
}

/** The Runtime behind a system, and where its bridges are reached. */
export type Target = { runtime: RuntimeId; bridgeHost: string; bridgePort: number }

/** What a compilation stands on. */
export type CompileOptions = {
  blueprint: Blueprint
  /** Bytes of each code file, by the path that the Blueprint gives it. */
  code: ReadonlyMap<string, Uint8Array<ArrayBuffer>>
  /** System name → Runtime. */
  targets: ReadonlyMap<string, Target>
  tenant: TenantId
  deployment: DeploymentId
  version: number
  clock: Clock
  random: Random
}

async function codeReference(options: CompileOptions, path: string | undefined): Promise<CodeReference | undefined> {
  if (path === undefined) return undefined
  const bytes = options.code.get(path)
  if (!bytes) throw new BlueprintCodeMissing(`the code file ${path} is missing`)
  return { sha256: await sha256Hex(bytes), bytes: bytes.byteLength }
}

async function componentsOf(options: CompileOptions, system: string): Promise<AssignedComponent[]> {
  const placed = Object.entries(options.blueprint.components).filter(([, component]) => component.on === system)
  return Promise.all(
    placed.map(async ([name, component]) => {
      const code = await codeReference(options, component.code)
      const assigned = { name, type: component.type, from: [...inputsOf(component)], config: component.config }
      return code ? { ...assigned, code } : assigned
    }),
  )
}

type Crossing = { from: string; fromSystem: string; toSystem: string; to: string[] }

/** One crossing for each component and each other system that takes its records. */
function crossingsOf(blueprint: Blueprint): Crossing[] {
  const crossings = new Map<string, Crossing>()
  for (const [to, component] of Object.entries(blueprint.components)) {
    for (const from of inputsOf(component)) {
      const fromSystem = ownValue(blueprint.components, from)?.on
      if (fromSystem === undefined || fromSystem === component.on) continue
      const key = `${from}\n${component.on}`
      const crossing = crossings.get(key) ?? { from, fromSystem, toSystem: component.on, to: [] }
      crossing.to.push(to)
      crossings.set(key, crossing)
    }
  }
  return [...crossings.values()]
}

function targetOf(options: CompileOptions, system: string): Target {
  const target = options.targets.get(system)
  if (!target) {
    const name = options.blueprint.systems[system]?.runtime ?? system
    throw new BlueprintTargetMissing(`the system ${system} names the Runtime ${name}, which is not enrolled`)
  }
  return target
}

/** Both ends of one bridge: the sender dials, the receiver listens, and both hold the same fresh secret. */
function endsOf(options: CompileOptions, crossing: Crossing): { system: string; end: AssignedBridge }[] {
  const [sender, receiver] = [targetOf(options, crossing.fromSystem), targetOf(options, crossing.toSystem)]
  const shared = {
    bridge: newId('br', options.clock, options.random),
    label: hex(options.random(16)),
    from: crossing.from,
    to: crossing.to,
    generation: 1,
    secret: base64url(options.random(32)),
  }
  const address = { host: receiver.bridgeHost, port: receiver.bridgePort }
  return [
    {
      system: crossing.fromSystem,
      end: { ...shared, direction: 'out', role: 'dial', peer: receiver.runtime, address },
    },
    { system: crossing.toSystem, end: { ...shared, direction: 'in', role: 'listen', peer: sender.runtime } },
  ]
}

/**
 * The assignments of one version of a deployment, one a system that has components; secrets of bridges are fresh.
 * Takes a Blueprint that `lintBlueprint` found without errors. Refuses with `blueprint.target_missing`, `blueprint.code_missing`.
 */
export async function compileBlueprint(options: CompileOptions): Promise<Assignment[]> {
  const bridges = crossingsOf(options.blueprint).flatMap((crossing) => endsOf(options, crossing))
  const issuedAt = rfc3339(options.clock.now())
  const systems = Object.keys(options.blueprint.systems)
  const assignments = await Promise.all(
    systems.map(async (system): Promise<Assignment[]> => {
      const components = await componentsOf(options, system)
      if (components.length === 0) return []
      return [
        {
          format: 1,
          tenant: options.tenant,
          runtime: targetOf(options, system).runtime,
          deployment: options.deployment,
          version: options.version,
          blueprint: options.blueprint.blueprint,
          system,
          issuedAt,
          components,
          bridges: bridges.filter((bridge) => bridge.system === system).map(({ end }) => end),
          classification: options.blueprint.classification,
        },
      ]
    }),
  )
  return assignments.flat()
}
