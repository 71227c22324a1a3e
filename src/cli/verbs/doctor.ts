/** `sluice doctor`: looks at all that a Runtime stands on, and says of each what to do. */
import { dirname } from 'node:path'
import type { Command } from 'commander'
import * as v from 'valibot'
import { AppError, systemClock } from '../../base/mod.ts'
import { type Check, type Found, isThere, look, skipped, type Verdict } from '../../host/mod.ts'
import { type AccessFlags, resolveAccess } from '../access.ts'
import { readAs } from '../answers.ts'
import { createClient } from '../client.ts'
import type { Flags } from '../config.ts'
import type { CliContext } from '../context.ts'
import { checksHere } from '../doctor/here.ts'
import { checksOfServer } from '../doctor/server.ts'
import { UsageInvalid } from '../exit.ts'
import { print } from '../output.ts'
import { masterKeySource } from '../secrets.ts'
import { readSettings } from '../serve.ts'
import { addSettingFlags } from './config.ts'

const Ports = v.looseObject({ managementUrl: v.pipe(v.string(), v.url()), bridgePort: v.number() })

/** At least one check is bad. */
export class DoctorFoundFaults extends AppError {
  override readonly code = 'doctor.faults_found' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Do what stands under each ✗, and run it again.'
}

type DoctorFlags = Flags & { data?: string; at?: string; ca?: string; json?: boolean }

const SIGNS: Readonly<Record<Verdict, string>> = { ok: '✓', warn: '!', bad: '✗', skipped: '–' }

export function addDoctorVerb(program: Command, context: CliContext): void {
  const doctor = program
    .command('doctor')
    .description('look at all that a Runtime on this machine stands on, and say what to do; changes nothing')
    .option('--at <server>', 'data folder or access file of the Runtime, in place of --data; or its URL (SLUICE_AT)')
    .option('--ca <file>', 'PEM file of the CA to trust, with a URL')
    .option('--json', 'print JSON')
  addSettingFlags(doctor, 'runtime').action(async (flags: DoctorFlags) => {
    const { environment } = context
    const isNamed = flags.data !== undefined || Boolean(environment['SLUICE_DATA'])
    const at = isNamed ? undefined : (flags.at ?? environment['SLUICE_AT'])
    const checks = at?.includes('://')
      ? await diagnoseRemote({ at, ca: flags.ca }, context)
      : await diagnose(at === undefined ? flags : { ...flags, data: folderOf(at) }, context, isNamed)
    print(context.terminal, flags.json, checks, (all) => all.map(lines).join('\n'))
    const bad = checks.filter(({ verdict }) => verdict === 'bad').map(({ name }) => name)
    if (bad.length > 0) throw new DoctorFoundFaults(`not well: ${bad.join(', ')}`)
  })
}

/** An access file lies in the data folder. */
function folderOf(at: string): string {
  return at.endsWith('.json') ? dirname(at) : at
}

/** What a Runtime elsewhere says of itself. */
async function diagnoseRemote(flags: AccessFlags, context: CliContext): Promise<Check[]> {
  const client = createClient(await resolveAccess(flags, context.environment, context.root))
  const elsewhere = async () => skipped('not looked at: run the doctor there, with --data')
  return [await look('its machine, keys and database', elsewhere), ...(await checksOfServer(client))]
}

/** `isNamed`: somebody has said by --data where its state is, or is to be. */
async function diagnose(flags: DoctorFlags, context: CliContext, isNamed: boolean): Promise<Check[]> {
  const settings = await readSettings('runtime', flags, context)
  const data = settings.text('data')
  const { environment } = context
  if (await isThere(`${data}/platform.db`))
    throw new UsageInvalid(
      `${data} is a Platform’s; the doctor looks at Runtimes`,
      'Name a Runtime’s folder with --data.',
    )
  const keySettings = { data, file: settings.text('master-key-file'), command: settings.optional('master-key-command') }
  const client = await resolveAccess({ at: data }, environment, context.root).then(createClient, () => undefined)
  const running = await client?.get('/v1/status').then(
    (answer) => readAs(Ports, answer),
    () => undefined,
  )
  const isRunning = running !== undefined
  const here = await checksHere({
    ...{ data, host: settings.text('host'), clock: systemClock, isRunning },
    temporary: environment['BUN_TMPDIR'] ?? environment['TMPDIR'] ?? '/tmp',
    // Those of the Runtime that runs, which may have been told others than we were.
    ports: [
      { name: 'management port', port: running ? Number(new URL(running.managementUrl).port) : settings.port('port') },
      { name: 'bridge port', port: running?.bridgePort ?? settings.port('bridge-port') },
    ],
    masterKey: () => masterKeySource(keySettings, environment),
  })
  const checks = [...here, ...(await checksOfServer(isRunning ? client : undefined))]
  return isNamed || (await isThere(`${data}/keyring.json`))
    ? checks
    : [await look('Runtime', () => unknown(data)), ...checks]
}

/** Where it would be by itself, or is said to be, there is none. */
function unknown(data: string): Found {
  return {
    verdict: 'warn',
    found: `no Runtime has its state in ${data}`,
    advice: 'Name its data folder with --data or --at (or SLUICE_AT), or begin one: sluice runtime --name NAME',
  }
}

function lines({ name, verdict, found, advice }: Check): string {
  return [`${SIGNS[verdict]} ${name}: ${found}`, ...(advice === undefined ? [] : [`    ${advice}`])].join('\n')
}
