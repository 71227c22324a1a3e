/** `sluice certificate`: which certificate a Runtime shows, and its owner's own in its place. */
import { type Command, Option } from 'commander'
import * as v from 'valibot'
import { AppError, nounFor, pause, systemClock } from '../../base/mod.ts'
import { readBytes, readText } from '../../host/mod.ts'
import { readAs } from '../answers.ts'
import type { Client } from '../client.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print } from '../output.ts'
import { addRemoteFlags, examples } from './remote.ts'

const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory'
/** An order takes seconds; the server itself gives up after four minutes. */
const ORDER_POLL_MS = 2_000
const ORDER_POLLS_MAX = 150

/** The first order failed; the server goes on trying. */
export class CertificateNotFetched extends AppError {
  override readonly code = 'certificate.not_fetched' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Mend what the authority names; the server tries again within the hour.'
}

const Facts = v.looseObject({
  ...{ subject: v.string(), issuer: v.string(), names: v.array(v.string()), key: v.string(), selfSigned: v.boolean() },
  ...{ validFrom: v.string(), validTo: v.string(), fingerprint: v.string() },
})
const View = v.looseObject({
  shown: Facts,
  installed: v.nullable(v.looseObject({ ...Facts.entries, source: v.string(), coversHost: v.boolean() })),
  acme: v.nullable(
    v.looseObject({
      ...{ directory: v.string(), names: v.array(v.string()), state: v.string(), nextAt: v.string() },
      lastFailure: v.nullable(v.looseObject({ code: v.string(), words: v.string() })),
    }),
  ),
  warnings: v.array(v.looseObject({ code: v.string(), daysLeft: v.nullable(v.number()) })),
})
type View = v.InferOutput<typeof View>

type SetFlags = RemoteFlags & {
  certificate?: string
  key?: string
  pkcs12?: string
  passphraseFile?: string
  passphraseEnv?: string
  insist?: boolean
}
type AcmeFlags = RemoteFlags & {
  name: string[]
  directory: string
  contact?: string
  port: string
  directoryCa?: string
}

export function addCertificateVerbs(program: Command, context: CliContext): void {
  const certificate = program
    .command('certificate')
    .description('which certificate a Runtime shows on its ports, and its owner’s own in its place')
  addRemoteFlags(certificate.command('show'))
    .description('show the certificate in use, with its fingerprint')
    .action(async (flags: RemoteFlags) => {
      const { client } = await connect(context, flags)
      print(context.terminal, flags.json, readAs(View, await client.get('/v1/certificate')), words)
    })
  addRemoteFlags(certificate.command('set'))
    .option('--certificate <file>', 'PEM of the chain, the server’s own certificate first')
    .option('--key <file>', 'PEM of its private key, encrypted or not')
    .option('--pkcs12 <file>', 'a PKCS#12 file with both, in their place')
    .option('--passphrase-file <file>', 'the passphrase of the key or file, from a file')
    .option('--passphrase-env <variable>', 'the passphrase from an environment variable')
    .option('--insist', 'take it even if it does not name the public host')
    .description('check a certificate and take it into use; open connections go on')
    .addHelpText(
      'after',
      examples(
        'certificate set --certificate chain.pem --key key.pem',
        'certificate set --pkcs12 bundle.p12 --passphrase-file passphrase.txt',
      ),
    )
    .action(async (flags: SetFlags) => {
      const { client } = await connect(context, flags)
      const view = readAs(View, await client.request('PUT', '/v1/certificate', await brought(flags, context)))
      print(context.terminal, flags.json, view, (seen) => `In use from the next connection on.\n\n${words(seen)}`)
    })
  addRemoteFlags(certificate.command('remove'))
    .description('go back to the self-signed certificate; the key is forgotten')
    .action(async (flags: RemoteFlags) => {
      const { client } = await connect(context, flags)
      const view = readAs(View, await client.request('DELETE', '/v1/certificate'))
      print(context.terminal, flags.json, view, (seen) => `The self-signed certificate is in use.\n\n${words(seen)}`)
    })
  addRemoteFlags(certificate.command('acme'))
    .requiredOption('--name <name...>', 'DNS names under which the authority reaches this Runtime')
    .addOption(new Option('--directory <url>', 'directory of the authority').default(LETS_ENCRYPT))
    .option('--directory-ca <file>', 'PEM of the CA of the directory’s own HTTPS, if it is a private one')
    .option('--contact <address>', 'mail address for the authority')
    .addOption(new Option('--port <port>', 'port on which the proof is answered').default('80'))
    .description('fetch certificates by ACME; you agree to the authority’s terms of service')
    .action((flags: AcmeFlags) => acme(flags, context))
}

async function acme(flags: AcmeFlags, context: CliContext): Promise<void> {
  const { client } = await connect(context, flags)
  const { name: names, directory, directoryCa, contact } = flags
  const port = Number(flags.port)
  if (!Number.isInteger(port)) throw new UsageInvalid('--port takes a number')
  await client.request('PUT', '/v1/certificate/acme', {
    ...{ names, directory, port },
    ...(contact !== undefined && { contact }),
    ...(directoryCa !== undefined && { ca: await readText(directoryCa) }),
  })
  const view = await ordered(client, context.signal)
  const failure = view.acme?.lastFailure
  if (failure) throw new CertificateNotFetched(`${failure.words} (${failure.code})`)
  print(
    context.terminal,
    flags.json,
    view,
    (seen) => `Fetched, and in use from the next connection on.\n\n${words(seen)}`,
  )
}

/** Waits until the order is done, one way or the other. */
async function ordered(client: Client, signal: AbortSignal): Promise<View> {
  for (let polls = 1; ; polls++) {
    const view = readAs(View, await client.get('/v1/certificate'))
    if (view.acme?.state !== 'ordering' || polls >= ORDER_POLLS_MAX) return view
    if (!(await pause(systemClock, ORDER_POLL_MS, signal))) return view
  }
}

/** What the flags name, as the API takes it. */
async function brought(flags: SetFlags, context: CliContext): Promise<Record<string, unknown>> {
  const { certificate, key, pkcs12, insist } = flags
  if ((certificate === undefined) === (pkcs12 === undefined))
    throw new UsageInvalid('give --certificate with --key, or --pkcs12')
  const passphrase = await passphraseOf(flags, context)
  return {
    ...(certificate !== undefined && { certificate: await readText(certificate) }),
    ...(key !== undefined && { key: await readText(key) }),
    ...(pkcs12 !== undefined && { pkcs12: Buffer.from(await readBytes(pkcs12)).toString('base64') }),
    ...(passphrase !== undefined && { passphrase }),
    ...(insist && { insist }),
  }
}

async function passphraseOf(
  { passphraseFile, passphraseEnv }: SetFlags,
  context: CliContext,
): Promise<string | undefined> {
  if (passphraseFile !== undefined) return (await readText(passphraseFile)).replace(/\r?\n$/, '')
  if (passphraseEnv === undefined) return undefined
  const value = context.environment[passphraseEnv]
  if (value === undefined) throw new UsageInvalid(`the variable ${passphraseEnv} is not set`)
  return value
}

function words({ shown, installed, acme, warnings }: View): string {
  const facts = installed ?? shown
  const source = installed
    ? installed.source === 'acme'
      ? 'fetched by ACME'
      : 'installed by its owner'
    : 'self-signed'
  return [
    `Certificate  ${source}`,
    `Fingerprint  ${facts.fingerprint} (SHA-256)`,
    `For          ${facts.names.join(', ') || 'no name'}`,
    `Issued by    ${facts.selfSigned ? 'itself' : facts.issuer}`,
    `Key          ${facts.key}`,
    `Valid until  ${facts.validTo}`,
    ...(installed?.coversHost === false
      ? ['', 'It does not name the public host: for names that it lacks, the self-signed certificate is shown.']
      : []),
    ...(acme ? [`ACME         ${acme.directory} for ${acme.names.join(', ')}, next ${acme.nextAt}`] : []),
    ...(acme?.lastFailure ? [`             last failure: ${acme.lastFailure.words} (${acme.lastFailure.code})`] : []),
    ...warnings.map(
      ({ code, daysLeft }) =>
        `Warning      ${code}${daysLeft === null ? '' : `, ${daysLeft} ${nounFor(daysLeft, 'day')} left`}`,
    ),
  ].join('\n')
}
