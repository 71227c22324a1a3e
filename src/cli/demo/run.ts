/** The demo: real data from one company's files to another's table, through two Runtimes and a Secure Bridge, before your eyes. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../base/mod.ts'
import { removeFolder } from '../../host/mod.ts'
import type { LocalDeployment } from '../answers.ts'
import { renderAdds } from '../verbs/adds.ts'
import { approve, deploy, watch } from './flow.ts'
import { giveToImage, launchImage } from './image.ts'
import { enrol, introducePeers, makeWarehouse, sendControlMarker } from './introduce.ts'
import { type Prepared, prepare } from './prepare.ts'
import { freePort, launchSelf, portOr, type Server, Stage } from './stage.ts'
import { type TestResults, uploadTestResults } from './test-results.ts'

export type DemoOptions = {
  /** Free ports from the first, and not only in place of known ones that are in use. */
  freePorts: boolean
  records: number | undefined
  /** Run `cloud-01` from this OCI image. */
  cloudImage: string | undefined
  /** Kill this Runtime in the middle and start it again. */
  kill: 'factory' | 'cloud' | undefined
  signal: AbortSignal
  progress(line: string): void
}

type Servers = { platform: Server; factory: Server; cloud: Server }
type Raised = Prepared & Servers
type Introduced = Raised & { runtimeIds: { factory: string; cloud: string }; testResults: TestResults }
type Crossed = Introduced & { deployment: string; deployments: LocalDeployment[] }

/** A demo whose records have crossed. */
export type Demo = Crossed & {
  startedAt: number
  /** Whether a Runtime was killed in the middle. */
  killed: boolean
  close(): Promise<void>
}

/** Starts everything and lets all records cross; the caller looks at the result and closes. */
export async function runDemo(options: DemoOptions): Promise<Demo> {
  const startedAt = systemClock.monotonic()
  const folder = await mkdtemp(join(tmpdir(), 'sluice-demo-'))
  const stage = new Stage(options.signal)
  async function close(): Promise<void> {
    await stage.close()
    await removeFolder(folder)
  }
  try {
    options.progress('Writing the data set')
    const prepared = await prepare(folder, options.records)
    const raised = await raise(prepared, stage, options)
    const introduced = await introduce(raised, options)
    const crossed = await cross(introduced, options)
    return { ...crossed, startedAt, killed: options.kill !== undefined, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Folders that `cloud-01` writes to. */
function cloudFolders(folder: string): [data: string, files: string] {
  return [join(folder, 'cloud-01'), join(folder, 'cloud-01-files')]
}

type Ports = { platform: number; factory: [number, number]; cloud: [number, number] }

/** Those that every guide names, where they are free. */
async function knownPorts(progress: (line: string) => void): Promise<Ports> {
  const known = [8443, 8752, 32_100, 8753, 32_101]
  const taken = new Set(known)
  const one = async (port: number, server: string): Promise<number> => {
    const found = await portOr(port, server, progress, (free) => !taken.has(free))
    taken.add(found)
    return found
  }
  return {
    platform: await one(8443, 'platform'),
    factory: [await one(8752, 'factory-01'), await one(32_100, 'factory-01, for bridges,')],
    cloud: [await one(8753, 'cloud-01'), await one(32_101, 'cloud-01, for bridges,')],
  }
}

async function freePorts(): Promise<Ports> {
  const [a, b, c, d, e] = await Promise.all([freePort(), freePort(), freePort(), freePort(), freePort()])
  return { platform: a, factory: [b, c], cloud: [d, e] }
}

const LOOPBACK = ['--host', '127.0.0.1', '--public-host', '127.0.0.1']

function platformArgs(folder: string, port: number): string[] {
  const recording = ['--record-to', join(folder, 'recorded')]
  return ['platform', ...LOOPBACK, '--port', `${port}`, '--allow-private-addresses', ...recording]
}

function runtimeArgs(name: string, folder: string, [port, bridgePort]: [number, number]): string[] {
  const at = [...LOOPBACK, '--port', `${port}`, '--bridge-port', `${bridgePort}`]
  return ['runtime', '--name', name, ...at, '--files', join(folder, `${name}-files`)]
}

/** A Platform and two Runtimes, ready. */
async function raise(prepared: Prepared, stage: Stage, options: DemoOptions): Promise<Raised> {
  const { folder } = prepared
  const { cloudImage } = options
  options.progress('Starting a Platform and two Runtimes')
  const at = await (options.freePorts ? freePorts() : knownPorts(options.progress))
  const launchCloud = cloudImage ? launchImage(cloudImage, cloudFolders(folder)) : launchSelf
  if (cloudImage) await giveToImage(cloudFolders(folder))
  const [platform, factory, cloud] = await Promise.all([
    stage.start('platform', join(folder, 'platform'), platformArgs(folder, at.platform)),
    stage.start('factory-01', join(folder, 'factory-01'), runtimeArgs('factory-01', folder, at.factory)),
    stage.start('cloud-01', join(folder, 'cloud-01'), runtimeArgs('cloud-01', folder, at.cloud), launchCloud),
  ])
  return { ...prepared, platform, factory, cloud }
}

/** Both Runtimes known to the Platform and to each other, the warehouse and its credential there, and test results beside it. */
async function introduce(raised: Raised, options: DemoOptions): Promise<Introduced> {
  const [runtimeIds, testResults] = await Promise.all([
    acquaint(raised, options),
    uploadTestResults(raised.factory, raised.folder, options.signal),
  ])
  return { ...raised, runtimeIds, testResults }
}

async function acquaint(
  raised: Raised,
  { signal, progress, cloudImage }: DemoOptions,
): Promise<Introduced['runtimeIds']> {
  const { platform, factory, cloud } = raised
  const [, files] = cloudFolders(raised.folder)
  progress('Enrolling both, introducing them to each other, storing a credential')
  const runtimeIds = { factory: await enrol(platform, factory, signal), cloud: await enrol(platform, cloud, signal) }
  await introducePeers(factory, cloud)
  await makeWarehouse(cloud, join(files, 'warehouse.db'), raised.encryptionKey)
  if (cloudImage) await giveToImage([files])
  await cloud.client.request('PUT', '/v1/credentials/spare', { fields: { password: raised.markers.at(-1) } })
  await sendControlMarker(platform, raised.control)
  return runtimeIds
}

/** Deployed, approved by both owners, and everything across. */
async function cross(introduced: Introduced, options: DemoOptions): Promise<Crossed> {
  const { platform, factory, cloud, rows } = introduced
  const { signal, progress } = options
  progress('Deploying examples/places.yaml')
  const deployment = await deploy(platform)
  for (const runtime of [cloud, factory]) {
    const { waiting } = await approve(runtime, deployment, signal)
    progress(`Approved on ${runtime.name}, as its owner would:`)
    for (const line of renderAdds(waiting?.adds ?? {}, '  ')) progress(line)
  }
  const victim = options.kill && introduced[options.kill]
  let killing: Promise<void> | undefined
  let reported = 0
  const deployments = await watch([factory, cloud], deployment, rows, signal, (seen) => {
    const written = seen.at(-1)?.components.find(({ name }) => name === 'warehouse')?.messagesOut ?? 0
    // After a restart, what was not answered for comes again and is counted again.
    const shown = Math.min(written, rows)
    if (shown > reported)
      progress(`${shown.toLocaleString('en-US')} of ${rows.toLocaleString('en-US')} rows in the warehouse`)
    reported = Math.max(reported, shown)
    if (victim && !killing && written > rows / 10) {
      progress(`Killing ${victim.name} and starting it again`)
      killing = victim.kill().then(() => victim.startAgain())
    }
  })
  await killing
  return { ...introduced, deployment, deployments }
}
