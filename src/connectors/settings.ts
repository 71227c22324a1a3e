/** Settings that connectors of several types have. */
import * as v from 'valibot'
import { naming } from '../base/mod.ts'

/** Where an API is, without a user, a query or a fragment. */
export const SiteUrl = v.pipe(
  v.string(),
  v.trim(),
  v.maxLength(512),
  v.check((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    return (
      url?.protocol === 'https:' && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
    )
  }, naming('must be an https URL without a user, a query or a fragment')),
)

/** Who vouches for the site, where that is no public authority. */
export const SiteAuthority = v.pipe(
  v.optional(
    v.pipe(
      v.string(),
      v.trim(),
      v.maxLength(16_384),
      v.startsWith('-----BEGIN CERTIFICATE-----', 'must be a certificate in PEM'),
    ),
  ),
  v.description('PEM of the authority that vouches for the site, in place of the public ones.'),
)

/** How often a connector looks for records that are gone where they came from. */
export function Deletions(what: string) {
  return v.pipe(
    v.optional(v.picklist(['never', 'daily', 'every-run']), 'never'),
    v.description(`How often it looks for ${what}, and removes them.`),
  )
}
