/** /v1/policy: the owner's rules, explained, changed and tried on a Blueprint. */
import * as v from 'valibot'
import { type Clock, fromBase64url, type Random, rfc3339 } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { Base64Url, Reason } from '../../wire/mod.ts'
import type { Affected } from '../deployments/rules-changed.ts'
import type { RuntimeState } from '../open-state.ts'
import { type BlueprintTest, testBlueprint } from '../policy/blueprint-test.ts'
import { changePolicy, nameOf } from '../policy/change.ts'
import { DEFAULT_POLICY, POLICY_RULES, Policy } from '../policy/policy.ts'
import { CODE_BYTES_MAX } from '../state/code-files.ts'
import type { Station } from '../station.ts'

export type PolicyRoutesDeps = Pick<Station, 'deployments' | 'types' | 'name' | 'enrolment'> & {
  state: Pick<RuntimeState, 'rules' | 'trail' | 'assignments' | 'peers' | 'enrolment'>
  clock: Clock
  random: Random
}

/** 1 MiB of text and one code file of the largest, in base64url and JSON. */
const TEST_BODY_BYTES_MAX = 16_777_216

const AffectedJson = v.object({
  /** `<deployment>@<version>`: how the owner confirms that it may end. */
  name: v.string(),
  deployment: v.string(),
  version: v.number(),
  blueprint: v.string(),
  /** `current`: it runs and would be stopped. `waiting`: it waits and would be refused. */
  place: v.picklist(['current', 'waiting']),
  /** Its flow came to its end, and would not start again. */
  ended: v.boolean(),
  reasons: v.array(Reason),
})
const Value = v.union([v.string(), v.number(), v.array(v.string())])
export const PolicyJson = v.object({
  policy: Policy,
  /** False: the stored rules are not as the owner wrote them, and nothing may run until they are set again. */
  authentic: v.boolean(),
  changedBy: v.optional(v.string()),
  changedAt: v.optional(v.string()),
  rules: v.array(v.object({ key: v.string(), says: v.string(), value: v.optional(Value), default: v.optional(Value) })),
})
const Change = v.strictObject({
  policy: Policy,
  /** Exactly what these rules end, by name; see `preview`. */
  ending: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(128))), v.maxLength(2_048)), []),
})
const Test = v.strictObject({
  // A text that is too long is a finding, as on the Platform.
  source: v.string(),
  /** Path as the Blueprint names it → base64url of the file. */
  code: v.optional(
    v.record(v.pipe(v.string(), v.maxLength(256)), v.pipe(Base64Url, v.maxLength(CODE_BYTES_MAX * 2))),
    {},
  ),
  /** Other rules than those in force. */
  policy: v.optional(Policy),
})
const TestJson = v.object({
  findings: v.array(
    v.looseObject({
      code: v.string(),
      severity: v.string(),
      message: v.string(),
      line: v.number(),
      column: v.number(),
    }),
  ),
  systems: v.array(
    v.object({
      system: v.string(),
      outcome: v.picklist(['refused', 'waits', 'starts']),
      reasons: v.array(v.object({ ...Reason.entries, rule: v.optional(v.string()) })),
      adds: v.record(v.string(), v.array(v.string())),
      against: v.optional(v.string()),
    }),
  ),
})

export function policyRoutes(deps: PolicyRoutesDeps): ApiRoutes {
  return new ApiRoutes('Policy')
    .get(
      '/',
      { summary: 'The owner’s rules in force, each explained.', role: 'viewer', answer: PolicyJson },
      async () => policyAsJson(deps),
    )
    .post(
      '/preview',
      {
        summary: 'What other rules would end.',
        role: 'operator',
        body: v.strictObject({ policy: Policy }),
        answer: v.object({ affected: v.array(AffectedJson) }),
      },
      async ({ body }) => ({ affected: (await deps.deployments.affectedBy(body.policy)).map(affectedAsJson) }),
    )
    .put(
      '/',
      {
        summary: 'Puts rules into force, and ends what they forbid where exactly that was confirmed.',
        role: 'owner',
        fresh: true,
        body: Change,
        answer: v.object({ ...PolicyJson.entries, ended: v.array(AffectedJson) }),
      },
      async ({ body, actor }) => {
        const ended = await setPolicy(deps, body, actor)
        return { ...policyAsJson(deps), ended: ended.map(affectedAsJson) }
      },
    )
    .post(
      '/test',
      {
        summary: 'Tries a Blueprint on the rules: what would be refused, what would wait, and which rule says so.',
        role: 'operator',
        body: Test,
        bodyBytesMax: TEST_BODY_BYTES_MAX,
        answer: TestJson,
      },
      ({ body }) => tryBlueprint(deps, body),
    )
}

/** Refuses `policy.ends_more`. */
export function setPolicy(
  { state, deployments, enrolment }: PolicyRoutesDeps,
  wanted: { policy: Policy; ending: readonly string[] },
  actor: string,
): Promise<Affected[]> {
  const changed = (): void => enrolment.changed()
  return changePolicy({ rules: state.rules, trail: state.trail, deployments, changed }, wanted, actor)
}

/** Under the rules in force unless others are given. */
export function tryBlueprint(
  deps: PolicyRoutesDeps,
  { source, code = {}, policy }: { source: string; code?: Record<string, string>; policy?: Policy | undefined },
): Promise<BlueprintTest> {
  const files = new Map(Object.entries(code).map(([path, text]) => [path, fromBase64url(text)]))
  return testBlueprint(deps, { source, code: files, policy: policy ?? deps.state.rules.policy })
}

export function policyAsJson({ state }: Pick<PolicyRoutesDeps, 'state'>) {
  const { policy, authentic, changed } = state.rules.inForce
  return {
    ...{ policy, authentic },
    ...(changed && { changedBy: changed.by, changedAt: rfc3339(changed.atMs) }),
    rules: POLICY_RULES.map(({ key, says }) => {
      const [value, otherwise] = [policy[key], DEFAULT_POLICY[key]]
      return {
        key,
        says,
        ...(value !== undefined && { value }),
        ...(otherwise !== undefined && { default: otherwise }),
      }
    }),
  }
}

export function affectedAsJson({ deployment, version, blueprint, place, ended, reasons }: Affected) {
  return { name: nameOf({ deployment, version }), deployment, version, blueprint, place, ended, reasons }
}
