/** What people call things, made into the ids by which a server's API knows them. */
import * as v from 'valibot'
import { AppError, nearestWord } from '../base/mod.ts'
import { Peers, readAs } from './answers.ts'
import type { Client } from './client.ts'

/** Nothing on this server is called so. */
export class NameUnknown extends AppError {
  override readonly code = 'cli.name_unknown' as const
  override readonly kind = 'not_found' as const
  override readonly advice: string
  constructor(message: string, advice: string) {
    super(message)
    this.advice = advice
  }
}

/** Several things are called so. */
export class NameAmbiguous extends AppError {
  override readonly code = 'cli.name_ambiguous' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Name it by its id.'
}

/** Help of arguments that take what `deploymentNamed` does. */
export const DEPLOYMENT = 'name of its Blueprint, or id (dep_…)'

const Called = v.looseObject({ deployment: v.string(), blueprint: v.optional(v.string(), '') })
const Deployments = v.looseObject({
  deployments: v.array(Called),
  /** Versions that a Runtime refused: the deployment may be known to it by nothing else. */
  refused: v.optional(v.array(Called), []),
})

/** The deployment's id, by that or by the name of its Blueprint. Refuses `cli.name_unknown`, `cli.name_ambiguous`. */
export async function deploymentNamed(client: Client, word: string): Promise<string> {
  if (/^dep_[0-9a-f-]+$/.test(word)) return word
  const { deployments, refused } = readAs(Deployments, await client.get('/v1/deployments'))
  const known = new Map([...refused, ...deployments].map(({ deployment, blueprint }) => [deployment, blueprint]))
  const all = [...known].map(([id, name]) => ({ id, name }))
  return idOf(all, word, { noun: 'deployment', advice: 'See which there are with `sluice deployment list`.' })
}

/** The peer's id, by that or by its name. Refuses `cli.name_unknown`, `cli.name_ambiguous`. */
export async function peerNamed(client: Client, word: string): Promise<string> {
  if (/^rt_[0-9a-f-]+$/.test(word)) return word
  const { peers } = readAs(Peers, await client.get('/v1/peers'))
  const all = peers.map(({ runtime, name }) => ({ id: runtime, name }))
  return idOf(all, word, { noun: 'peer', advice: 'See which there are with `sluice peer list`.' })
}

/** The id of the one of that name. Refuses `cli.name_unknown`, `cli.name_ambiguous`. */
export function idOf(
  all: readonly { id: string; name: string }[],
  word: string,
  { noun, advice }: { noun: string; advice: string },
): string {
  const [found, ...more] = all.filter(({ name }) => name === word)
  if (found && more.length === 0) return found.id
  if (found)
    throw new NameAmbiguous(`${more.length + 1} are called ${word}: ${[found, ...more].map(({ id }) => id).join(', ')}`)
  const near = nearestWord(
    word,
    all.map(({ name }) => name),
  )
  throw new NameUnknown(`there is no ${noun} \`${word}\` here${near ? `; did you mean \`${near}\`?` : ''}`, advice)
}
