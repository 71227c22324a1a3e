/** The owner's rules by form: shown, changed in two steps, and tried on a Blueprint. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../../accounts/mod.ts'
import {
  dangerAct,
  type FailedForm,
  type FormShown,
  formAct,
  formPage,
  OptionalText,
  type PersonEnv,
  type Site,
} from '../../server/mod.ts'
import { DangerForm, parseInput, readForm, type View } from '../../web/mod.ts'
import { TESTED_BYTES_MAX } from '../policy/blueprint-test.ts'
import { nameOf } from '../policy/change.ts'
import { Policy, type PolicyKey } from '../policy/policy.ts'
import {
  ConfirmPolicy,
  confirmForm,
  PolicyPage,
  PolicyTestPage,
  type PolicyValues,
  valuesOf,
} from '../views/policy.tsx'
import { type PolicyRoutesDeps, setPolicy, tryBlueprint } from './policy.ts'

const text = v.optional(v.pipe(v.string(), v.maxLength(262_144)), '')
const Values = v.object({
  ...{ peers: text, componentTypes: text, hosts: text, fileRoots: text, tables: text, scripts: text },
  ...{ expressions: text, logLines: text, workersMax: text, waitingMax: text, workerMemoryMiB: text },
} satisfies Record<PolicyKey, typeof text>)
const Confirm = v.object({
  policy: v.pipe(v.string(), v.maxLength(1_048_576), v.parseJson(), Policy),
  ending: v.pipe(OptionalText, v.maxLength(262_144)),
})
/** A text that is too long is a finding, as by the API. */
const Test = v.object({ source: v.string() })
/** The rules as JSON, what they end, and what a form makes of them: up to three characters of a byte. */
const POLICY_FORM_BYTES_MAX = 3 * (1_048_576 + 262_144) + 1_024
/** The same for a Blueprint. */
const TEST_FORM_BYTES_MAX = 3 * TESTED_BYTES_MAX + 1_024

const PLACE = { current: '/settings', tab: '/settings/policy' }
const CRUMBS = [{ href: '/settings/policy', label: 'Policy' }]

export function policyPages(deps: PolicyRoutesDeps, site: Site): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/', (c) => site.page(c, shown(c, deps)))
    .route(
      '/',
      formAct(site, '/', {
        ...{ role: 'owner', fresh: true, bytesMax: POLICY_FORM_BYTES_MAX, schema: Values },
        again: ({ c, values, failed }) => shown(c, deps, { ...valuesOf(deps.state.rules.policy), ...values }, failed),
        async act({ c, input }) {
          const change = await toConfirm(deps, parseInput(Policy, policyOf(input)))
          return site.page(c, confirmation(deps, change, <DangerForm {...confirmForm(change)} />))
        },
      }),
    )
    .route(
      '/',
      dangerAct(site, '/confirm', {
        ...{ role: 'owner', bytesMax: POLICY_FORM_BYTES_MAX, schema: Confirm },
        // What would end may be something else by now: it is looked at again.
        about: async (c) => toConfirm(deps, (await readForm(c, Confirm)).policy),
        form: confirmForm,
        frame: ({ about, danger }) => confirmation(deps, about, danger),
        async act({ input: { policy, ending }, actor }) {
          await setPolicy(deps, { policy, ending: ending.split(' ').filter(Boolean) }, actor)
          return '/settings/policy'
        },
      }),
    )
    .route(
      '/',
      formPage(site, '/test', {
        ...{ role: 'operator', bytesMax: TEST_FORM_BYTES_MAX, schema: Test },
        again: ({ values: { source = '' }, failed }) => testing(<PolicyTestPage {...{ source, ...failed }} />),
        async act({ c, input: { source } }) {
          return site.page(c, testing(<PolicyTestPage {...{ source, tested: await tryBlueprint(deps, { source }) }} />))
        },
      }),
    )
}

function shown(
  c: Context<PersonEnv>,
  { state, clock }: PolicyRoutesDeps,
  values: PolicyValues = valuesOf(state.rules.policy),
  failed?: FailedForm,
): FormShown {
  const mayChange = roleReaches(c.var.user.role, 'owner')
  const view = <PolicyPage {...{ inForce: state.rules.inForce, values, nowMs: clock.now(), mayChange, ...failed }} />
  return { title: 'Policy', ...PLACE, view }
}

async function toConfirm(deps: PolicyRoutesDeps, policy: Policy) {
  const affected = await deps.deployments.affectedBy(policy)
  return { runtime: deps.name, policy, affected, ending: affected.map(nameOf) }
}

function confirmation(
  { state }: PolicyRoutesDeps,
  { policy }: Awaited<ReturnType<typeof toConfirm>>,
  danger: View,
): FormShown {
  const view = <ConfirmPolicy {...{ policy, before: state.rules.policy, danger }} />
  return { title: 'Change the rules', ...PLACE, crumbs: CRUMBS, view }
}

function testing(view: View): FormShown {
  return { title: 'Try a Blueprint', ...PLACE, crumbs: CRUMBS, view }
}

/** What the form has as the document takes it: a word or the lines of a list, a number, or nothing. */
function policyOf(values: v.InferOutput<typeof Values>): Record<string, unknown> {
  const list = (given: string, word: string): string | string[] => {
    const lines = given
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter(Boolean)
    return lines.length === 1 && lines[0] === word ? word : lines
  }
  const number = (given: string): unknown => (/^\d{1,9}$/.test(given.trim()) ? Number(given) : given)
  const { peers, componentTypes, hosts, fileRoots, tables, workersMax, waitingMax, workerMemoryMiB, ...words } = values
  return {
    ...words,
    peers: list(peers, 'accepted'),
    ...{ componentTypes: list(componentTypes, 'any'), hosts: list(hosts, 'any') },
    ...{ fileRoots: list(fileRoots, 'any'), tables: list(tables, 'any') },
    ...{ workersMax: number(workersMax), waitingMax: number(waitingMax) },
    ...(workerMemoryMiB.trim() !== '' && { workerMemoryMiB: number(workerMemoryMiB) }),
  }
}
