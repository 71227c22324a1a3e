/** `sluice doctor`: looks at all that a Runtime stands on, and says of each what to do. */
import type { Command } from 'commander'
import * as v from 'valibot'
import { AppError, systemClock } from '../../base/mod.ts'
import type { Check, Verdict } from '../../host/mod.ts'
import { resolveAccess } from '../access.ts'
import { readAs } from '../answers.ts'
import { createClient } from '../client.ts'
import type { Flags } from '../config.ts'
import type { CliContext } from '../context.ts'
import { checksHere } from '../doctor/here.ts'
import { checksOfServer } from '../doctor/server.ts'
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

const SIGNS: Readonly<Record<Verdict, string>> = { ok: '✓', warn: '!', bad: '✗', skipped: '–' }

export function addDoctorVerb(program: Command, context: CliContext): void {
  const doctor = program
    .command('doctor')
    .description('look at all that a Runtime on this machine stands on, and say what to do; changes nothing')
    .option('--json', 'print JSON')
  addSettingFlags(doctor, 'runtime').action(async (flags: Flags & { json?: boolean }) => {
    const checks = await diagnose(flags, context)
    print(context.terminal, flags.json, checks, (all) => all.map(lines).join('\n'))
    const bad = checks.filter(({ verdict }) => verdict === 'bad').map(({ name }) => name)
    if (bad.length > 0) throw new DoctorFoundFaults(`not well: ${bad.join(', ')}`)
  })
}

async function diagnose(flags: Flags, context: CliContext): Promise<Check[]> {
  const settings = await readSettings('runtime', flags, context)
  const data = settings.text('data')
  const { environment } = context
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
  return [...here, ...(await checksOfServer(isRunning ? client : undefined))]
}

function lines({ name, verdict, found, advice }: Check): string {
  return [`${SIGNS[verdict]} ${name}: ${found}`, ...(advice === undefined ? [] : [`    ${advice}`])].join('\n')
}
