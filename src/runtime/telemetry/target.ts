/** Where figures and traces go if the owner wants them elsewhere: a collector's address, and what it must be told to take them. */
import { stat } from 'node:fs/promises'
import { isLoopbackHost, readText } from '../../host/mod.ts'
import { OtlpSettingInvalid } from '../errors.ts'

/** One batch in so many is followed unless configured otherwise. */
export const TRACE_ONE_IN = 1_000
/** More than any collector asks for; with `HEADER_LENGTH_MAX` ≤ 132 kB. */
const HEADERS_MAX = 32
const HEADER_LENGTH_MAX = 4_096
const MODE_OF_OTHERS = 0o077
/** What the request itself says of itself. */
const OWN_HEADERS = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'host',
  'connection',
  'transfer-encoding',
])

export type OtlpConfig = {
  /** `https://host[:port][/path]`, to which `/v1/metrics` and `/v1/traces` are added; `http:` only to this machine itself. */
  endpoint: string
  /** A file of `name: value` lines that only its owner may read. */
  headersFile?: string | undefined
  /** PEM of authorities that may vouch for the collector beside the public ones. */
  caFile?: string | undefined
  /** One batch in so many is followed; 0 for none. Default `TRACE_ONE_IN`. */
  traceOneIn?: number | undefined
}

export type OtlpTarget = {
  /** Without a slash at its end. */
  endpoint: string
  headers: Readonly<Record<string, string>>
  ca: readonly string[]
  /** Absent: no traces. */
  traceOneIn: number | undefined
}

/** Reads the files that the setting names. Refuses `otlp.setting_invalid`, and what reading a file fails with. */
export async function openOtlpTarget(config: OtlpConfig): Promise<OtlpTarget> {
  const { headersFile, caFile, traceOneIn = TRACE_ONE_IN } = config
  return {
    endpoint: endpointOf(config.endpoint),
    headers: headersFile === undefined ? {} : await readHeaders(headersFile),
    ca: caFile === undefined ? [] : [await readText(caFile)],
    traceOneIn: traceOneIn === 0 ? undefined : traceOneIn,
  }
}

function endpointOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    throw new OtlpSettingInvalid('the endpoint for OTLP is no https URL')
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname))
    throw new OtlpSettingInvalid('the endpoint for OTLP is not this machine, so it must be https')
  // They would be shown wherever settings are.
  if (url.username || url.password || url.search || url.hash)
    throw new OtlpSettingInvalid(
      'the endpoint for OTLP has no user, query or fragment; secrets go into the headers file',
    )
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

/** What a line holds may be a secret: a refusal names its number alone. */
async function readHeaders(path: string): Promise<Record<string, string>> {
  const text = await readText(path)
  const found = await stat(path)
  if ((found.mode & MODE_OF_OTHERS) !== 0) throw new OtlpSettingInvalid(`others may read ${path}: give it mode 0600`)
  const headers: Record<string, string> = {}
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const [, name = '', value = ''] =
      /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)\s*$/.exec(line) ?? []
    if (name === '' || line.length > HEADER_LENGTH_MAX)
      throw new OtlpSettingInvalid(`${path}: line ${index + 1} is not \`name: value\` in printable ASCII`)
    if (OWN_HEADERS.has(name.toLowerCase()))
      throw new OtlpSettingInvalid(`${path}: line ${index + 1} is a header that the request sets itself`)
    headers[name.toLowerCase()] = value
  }
  if (Object.keys(headers).length > HEADERS_MAX)
    throw new OtlpSettingInvalid(`${path} has more than ${HEADERS_MAX} headers`)
  return headers
}
