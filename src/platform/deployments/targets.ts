/** What each Runtime is to do for a version of a deployment, and what became of it. */
import { and, asc, eq, getTableColumns, inArray, isNotNull, ne } from 'drizzle-orm'
import { type Clock, canonicalJson, fromUtf8, utf8 } from '../../base/mod.ts'
import { unwrap, type WrappingKey, wrap } from '../../crypto/mod.ts'
import type { Assignment, DeploymentInForce, DeploymentState, Reason } from '../../wire/mod.ts'
import type { TenantStore, TenantWriter } from '../database.ts'

export type Target = TenantStore['tables']['tenantTargets']['$inferSelect']
/** A target without the assignment itself: up to a megabyte that only its delivery needs. */
export type Standing = Omit<Target, 'assignment' | 'signature'>
type Shape = Target['shape']

/** Assignments hold the secrets of bridges, so they lie wrapped. */
export function wrapAssignment(key: WrappingKey, assignment: Assignment): ReturnType<typeof wrap> {
  return wrap(key, bindingOf(assignment), utf8(canonicalJson(assignment)))
}

/** The assignment of a target, as it was signed; `undefined` where there is only something to stop. */
export async function unwrapAssignment(key: WrappingKey, target: Target): Promise<Assignment | undefined> {
  if (target.assignment === null) return undefined
  return JSON.parse(fromUtf8(await unwrap(key, bindingOf(target), target.assignment))) as Assignment
}

function bindingOf(about: { deployment: string; version: number; runtime: string }): { purpose: string; id: string } {
  return { purpose: 'assignment', id: `${about.deployment} ${about.version} ${about.runtime}` }
}

/** What pages show of an assignment: names and types, no configuration, no secret. */
export function shapeOf(assignment: Assignment): Shape {
  return {
    components: assignment.components.map(({ name, type, from }) => ({ name, type, from })),
    bridges: assignment.bridges.map(({ bridge, from, to, direction, peer }) => ({ bridge, from, to, direction, peer })),
  }
}

/** The targets of one version. */
export async function targetsOf(db: TenantStore, deployment: string, version: number): Promise<Standing[]> {
  const table = db.tables.tenantTargets
  const { assignment: _, signature: __, ...columns } = getTableColumns(table)
  return db
    .select(columns)
    .from(table)
    .where(and(eq(table.deployment, deployment), eq(table.version, version)))
    .orderBy(asc(table.system))
}

/** What a Runtime still has to be told: the least often tried first, so that one that keeps failing holds up no other; then the oldest. */
export async function dueFor(db: TenantStore, runtime: string): Promise<Target | undefined> {
  const table = db.tables.tenantTargets
  const due = and(eq(table.runtime, runtime), eq(table.delivery, 'due'))
  const order = [asc(table.attempts), asc(table.changedAtMs)]
  const [target] = await db
    .select()
    .from(table)
    .where(due)
    .orderBy(...order)
    .limit(1)
  return target
}

/** Runtimes that still have to be told something. */
export async function runtimesDue(db: TenantStore): Promise<string[]> {
  const table = db.tables.tenantTargets
  const rows = await db.selectDistinct({ runtime: table.runtime }).from(table).where(eq(table.delivery, 'due'))
  return rows.map(({ runtime }) => runtime)
}

/** Notes what a Runtime answered, unless meanwhile something else is wanted of it. */
export async function recordAnswer(
  deps: { db: TenantStore; clock: Clock },
  target: Target,
  answer: { outcome: string; state: string; reasons: Reason[] },
): Promise<void> {
  const { db, clock } = deps
  const table = db.tables.tenantTargets
  const changes = { ...answer, delivery: 'told', problem: null, changedAtMs: clock.now() } as const
  await db
    .update(table)
    .set({ ...changes, attempts: target.attempts + 1 })
    .where(and(sameTarget(db, target), eq(table.wanted, target.wanted), eq(table.delivery, 'due')))
}

/** Notes why a Runtime could not be told yet. */
export async function recordProblem(db: TenantStore, target: Target, problem: string): Promise<void> {
  const table = db.tables.tenantTargets
  await db
    .update(table)
    .set({ problem, attempts: target.attempts + 1 })
    .where(and(sameTarget(db, target), eq(table.delivery, 'due')))
}

/** Notes what can never be told, as a refusal for that reason: trying again would change nothing. */
export function recordRefusal(deps: { db: TenantStore; clock: Clock }, target: Target, code: string): Promise<void> {
  return recordAnswer(deps, target, { outcome: 'refused', state: 'refused', reasons: [{ code }] })
}

/** Takes over what a heartbeat says of deployments, where it is about a version that the Runtime was told. */
export async function takeStates(
  deps: { db: TenantStore; clock: Clock },
  runtime: string,
  inForce: DeploymentInForce[],
): Promise<void> {
  if (inForce.length === 0) return
  const { db, clock } = deps
  const { tenantTargets: table } = db.tables
  const names = inForce.map(({ deployment }) => deployment)
  const versions = [...new Set(inForce.map(({ version }) => version))]
  const known = await db
    .select({
      ...{ deployment: table.deployment, version: table.version, runtime: table.runtime },
      ...{ state: table.state, reasons: table.reasons },
    })
    .from(table)
    .where(
      and(
        ...[eq(table.runtime, runtime), eq(table.delivery, 'told')],
        ...[inArray(table.deployment, names), inArray(table.version, versions)],
      ),
    )
  for (const { deployment, version, state, reasons } of inForce) {
    const target = known.find((row) => row.deployment === deployment && row.version === version)
    if (!target || (target.state === state && JSON.stringify(target.reasons) === JSON.stringify(reasons))) continue
    await db.update(table).set({ state, reasons, changedAtMs: clock.now() }).where(sameTarget(db, target))
  }
}

/** What was due for older versions need not be told any more, and no older assignment, with the secrets in it, is needed again. */
export async function supersedeOlder(
  db: TenantStore,
  tx: TenantWriter,
  deployment: string,
  version: number,
): Promise<void> {
  const table = db.tables.tenantTargets
  await tx
    .update(table)
    .set({ delivery: 'superseded' })
    .where(and(eq(table.deployment, deployment), ne(table.version, version), eq(table.delivery, 'due')))
  await tx
    .update(table)
    .set({ assignment: null, signature: null })
    .where(and(eq(table.deployment, deployment), ne(table.version, version), isNotNull(table.assignment)))
}

function sameTarget(db: TenantStore, target: { deployment: string; version: number; runtime: string }) {
  const table = db.tables.tenantTargets
  return and(
    eq(table.deployment, target.deployment),
    eq(table.version, target.version),
    eq(table.runtime, target.runtime),
  )
}

/** How a target stands, in the words that pages and the API use. A Runtime that has not answered yet is `preparing`, with why. */
export function standingOf(target: Standing): {
  state: DeploymentState
  reasons: Standing['reasons']
} {
  if (target.delivery === 'told') {
    const state = (target.state ?? 'failed') as DeploymentState
    return { state: target.outcome === 'not-understood' ? 'failed' : state, reasons: target.reasons }
  }
  const code = target.problem ?? 'deployment.not_told_yet'
  return { state: target.wanted === 'stop' ? 'draining' : 'preparing', reasons: [{ code }] }
}

/** One word for a whole deployment: what is worst of its Runtimes; stopped only when all are. */
export function overallOf(states: readonly DeploymentState[]): DeploymentState {
  if (states.length === 0 || states.every((state) => state === 'stopped')) return 'stopped'
  const worstFirst = ['failed', 'refused', 'awaiting-approval', 'draining', 'preparing', 'received'] as const
  return worstFirst.find((state) => states.includes(state)) ?? 'running'
}
