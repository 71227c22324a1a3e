/** /v1/credentials: named secrets of the vault. They are set, made, tried, replaced and removed here; no answer ever has a value. */
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import { FieldReference, KEY_ALGORITHMS } from '../../keys/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { CheckFailure, recordOf } from '../../wire/mod.ts'
import type { CheckOutcome, CredentialView } from '../credentials/credential-desk.ts'
import type { Station } from '../station.ts'
import { ComponentUseJson } from './uses.ts'

export type CredentialRoutesDeps = Pick<Station, 'credentials'>

/** No longer than a line of the trail takes; which characters it may have is the vault's to say. */
const Named = v.object({ name: v.pipe(v.string(), v.maxLength(256)) })
/** A value, or where it is fetched from. */
const FieldValue = v.union(
  [v.string(), FieldReference],
  'must be a text, or one of `environment`, `file` and `command`',
)
const NewCredential = v.strictObject({
  /** Default `fields`. */
  kind: v.optional(v.pipe(v.string(), v.maxLength(64)), 'fields'),
  fields: recordOf(v.string(), FieldValue),
})
const NewKey = v.strictObject({
  kind: v.picklist(['key_pair', 'ssh_key']),
  algorithm: v.picklist(KEY_ALGORITHMS),
  username: v.optional(v.pipe(v.string(), v.maxLength(256))),
  /** Whether one of that name may be replaced: its private key is gone then. Default `false`. */
  replace: v.optional(v.boolean()),
})
const Which = v.strictObject({
  deployment: v.optional(v.pipe(v.string(), v.maxLength(64))),
  component: v.optional(v.pipe(v.string(), v.maxLength(64))),
})
const Forced = v.object({ force: v.optional(v.picklist(['true', 'false']), 'false') })

const CredentialJson = v.object({
  id: v.string(),
  name: v.string(),
  kind: v.string(),
  fields: v.array(v.string()),
  sources: v.record(v.string(), v.object({ from: v.string(), name: v.optional(v.string()) })),
  /** The public part of a key, and its fingerprint. */
  publicFacts: v.nullable(v.object({ publicKey: v.string(), fingerprint: v.string() })),
  createdAt: v.string(),
  replacedAt: v.nullable(v.string()),
  uses: v.array(ComponentUseJson),
})
const SetJson = v.object({
  ...CredentialJson.entries,
  /** Deployments that run anew with it. */
  restarted: v.array(v.string()),
  /** Fields that stand elsewhere and cannot be fetched now: it is kept all the same. */
  unavailable: v.array(
    v.object({ field: v.string(), code: v.string(), message: v.string(), advice: v.optional(v.string()) }),
  ),
})
const Outcome = v.object({
  ...{ deployment: v.string(), component: v.string(), type: v.string(), failure: v.optional(CheckFailure) },
})

export function credentialRoutes({ credentials }: CredentialRoutesDeps): ApiRoutes {
  return new ApiRoutes('Credentials')
    .get(
      '/',
      {
        summary: 'Every credential by name, without values, with who uses it.',
        role: 'viewer',
        answer: v.object({ credentials: v.array(CredentialJson) }),
      },
      async () => ({ credentials: (await credentials.list()).map(credentialAsJson) }),
    )
    .get(
      '/:name',
      { summary: 'One credential, without values.', role: 'viewer', params: Named, answer: CredentialJson },
      async ({ params }) => credentialAsJson(await credentials.find(params.name)),
    )
    .put(
      '/:name',
      {
        summary: 'Sets a credential, or replaces it.',
        role: 'owner',
        fresh: true,
        params: Named,
        body: NewCredential,
        answer: SetJson,
      },
      async ({ params, body, actor }) => {
        const { restarted, unavailable, ...set } = await credentials.set(params.name, body, actor)
        return { ...credentialAsJson(set), restarted, unavailable }
      },
    )
    .post(
      '/:name/generate',
      {
        summary: 'Makes a key pair or an SSH key in the vault; in the place of one of that name only with `replace`.',
        role: 'owner',
        fresh: true,
        params: Named,
        body: NewKey,
        answer: SetJson,
      },
      async ({ params, body, actor }) => {
        const { restarted, unavailable, ...set } = await credentials.generate(params.name, body, actor)
        return { ...credentialAsJson(set), restarted, unavailable }
      },
    )
    .post(
      '/:name/check',
      {
        summary: 'Tries a credential with the components in force that use it.',
        role: 'operator',
        params: Named,
        body: Which,
        answer: v.object({ checked: v.array(Outcome) }),
      },
      async ({ params, body, actor }) => ({ checked: await checked(credentials, params.name, body, actor) }),
    )
    .delete(
      '/:name',
      {
        summary: 'Removes a credential; one that is used only with `force=true`.',
        role: 'owner',
        fresh: true,
        params: Named,
        query: Forced,
        answer: v.object({ removed: v.string(), uses: v.array(ComponentUseJson) }),
      },
      async ({ params: { name }, query, actor }) => {
        const { uses } = await credentials.remove(name, query.force === 'true', actor)
        return { removed: name, uses }
      },
    )
}

function checked(
  credentials: CredentialRoutesDeps['credentials'],
  name: string,
  { deployment, component }: v.InferOutput<typeof Which>,
  actor: string,
): Promise<CheckOutcome[]> {
  const which = { ...(deployment !== undefined && { deployment }), ...(component !== undefined && { component }) }
  return credentials.check(name, which, actor)
}

function credentialAsJson({
  id,
  name,
  kind,
  fields,
  sources,
  publicFacts,
  createdAt,
  replacedAt,
  uses,
}: CredentialView) {
  const times = { createdAt: rfc3339(createdAt), replacedAt: replacedAt === null ? null : rfc3339(replacedAt) }
  return { id, name, kind, fields, sources, publicFacts, ...times, uses }
}
