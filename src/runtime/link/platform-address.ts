/** Where a tenant's doors are on its Platform, and how a message is posted there. */
import * as v from 'valibot'
import { fromUtf8 } from '../../base/mod.ts'
import { requestHttps } from '../../host/mod.ts'
import { Code, MESSAGE_BYTES_MAX } from '../../wire/mod.ts'
import { PlatformRefused, type ToldProblem } from '../errors.ts'

/** One exchange, the Platform's own work included. */
const POST_TIMEOUT_MS = 20_000

export type PlatformAddress = { platformUrl: string; tenant: string; platformAuthority: string | undefined }

/** `https://<platform>/t/<tenant id>/c2/v1/<door>` (PROTOCOL.md, One signed message). */
export function platformDoor(address: PlatformAddress, door: 'messages' | 'enrolment'): string {
  return `${address.platformUrl.replace(/\/+$/, '')}/t/${address.tenant}/c2/v1/${door}`
}

/**
 * Posts a text and gives the answer's text. The Platform's private authority verifies it where its code named one, else the public
 * ones do. Throws the host's errors, or `platform.refused` with the status.
 */
export async function postToPlatform(
  address: PlatformAddress,
  door: 'messages' | 'enrolment',
  message: { body: string; contentType: string; signal?: AbortSignal | undefined },
): Promise<string> {
  const { platformAuthority } = address
  const answer = await requestHttps(platformDoor(address, door), {
    method: 'POST',
    headers: { 'content-type': message.contentType },
    body: message.body,
    ca: platformAuthority === undefined ? [] : [platformAuthority],
    systemRoots: platformAuthority === undefined,
    timeoutMs: POST_TIMEOUT_MS,
    bytesMax: MESSAGE_BYTES_MAX,
    ...(message.signal && { signal: message.signal }),
  })
  if (answer.status !== 200) throw new PlatformRefused(answer.status, problemIn(answer.body))
  return fromUtf8(answer.body)
}

const Sentence = v.pipe(v.string(), v.maxLength(512))
const Problem = v.object({ code: Code, detail: Sentence, advice: v.optional(Sentence) })

/** RFC 9457, if the body is one; what stands before the Platform may answer anything. */
function problemIn(body: Uint8Array): ToldProblem | undefined {
  try {
    return v.parse(Problem, JSON.parse(fromUtf8(body)))
  } catch {
    return undefined
  }
}
