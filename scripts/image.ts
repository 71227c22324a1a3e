/**
 * The OCI image. `bun scripts/image.ts build` compiles the binary, gathers what it needs and builds; `… run -- WORDS` starts
 * it with podman and runc on a read-only root without any capability; `… flags` prints podman's words for other scripts.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { compileBinary, TARGETS, type Target } from './compile.ts'

const root = resolve(import.meta.dirname, '..')
const context = join(root, 'dist/image')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }

/** Both tools must look into the same store; vfs works where overlays cannot be mounted. */
const STORE = ['--storage-driver', 'vfs']
/** A user of its own that no host has; nothing in the image needs a name for it but `getpwuid`. */
const PASSWD = 'root:x:0:0:root:/:/sbin/nologin\nsluice:x:65532:65532:sluice:/data:/sbin/nologin\n'
const GROUP = 'root:x:0:\nsluice:x:65532:\n'

/** Podman's words up to the image's name. `/tmp` holds the addon that the binary unpacks, hence `exec`. */
const RUN_WORDS = [
  ...STORE,
  ...['--runtime', 'runc', '--cgroup-manager=cgroupfs', 'run', '--rm'],
  ...['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=4096:4096', '--network', 'host'],
  ...['--read-only', '--tmpfs', '/tmp:rw,exec,mode=1777'],
  ...['--cap-drop', 'all', '--security-opt', 'no-new-privileges'],
]

/** The shared libraries that `file` is linked to, as this machine has them, by the path at which the loader looks. */
function librariesOf(file: string): string[] {
  const lines = execFileSync('ldd', [file], { encoding: 'utf8' }).split('\n')
  return lines.map((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1]).filter((path) => path !== undefined)
}

function put(source: string, target: string, mode: number): void {
  const path = join(context, 'rootfs', target)
  mkdirSync(dirname(path), { recursive: true })
  copyFileSync(source, path)
  chmodSync(path, mode)
}

function write(target: string, text: string): void {
  const path = join(context, 'rootfs', target)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  chmodSync(path, 0o644)
}

/** Fills the build context: `rootfs` as the image will have it, and `data`, which is copied with another owner. */
async function stage(target: Target, entry: string): Promise<void> {
  // What a file's mode does not say, the umask would.
  process.umask(0o022)
  rmSync(context, { recursive: true, force: true })
  mkdirSync(join(context, 'data'), { recursive: true, mode: 0o700 })
  mkdirSync(join(context, 'rootfs/tmp'), { recursive: true })
  chmodSync(join(context, 'rootfs/tmp'), 0o1777)
  const binary = join(context, `sluice-${target}`)
  await compileBinary(target, entry, binary)
  put(binary, 'usr/bin/sluice', 0o755)
  rmSync(binary)
  const addon = join(root, 'node_modules/@libsql', TARGETS[target].addon, 'index.node')
  for (const path of new Set([...librariesOf(process.execPath), ...librariesOf(addon)])) put(path, path, 0o755)
  put('/etc/ssl/certs/ca-certificates.crt', 'etc/ssl/certs/ca-certificates.crt', 0o644)
  write('etc/passwd', PASSWD)
  write('etc/group', GROUP)
}

function buildah(words: string[]): string {
  return execFileSync('buildah', [...STORE, ...words], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function build(image: string, entry: string): Promise<void> {
  await stage(process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64', entry)
  const fixed = ['--timestamp', '0', '--layers=false', '--no-cache', '--pull=never']
  const label = ['--label', `org.opencontainers.image.version=${version}`]
  const file = ['--file', join(root, 'Containerfile'), '--tag', image]
  buildah(['bud', '--quiet', '--isolation', 'chroot', ...fixed, ...label, ...file, context])
  const format = '{{.FromImageDigest}}'
  console.log(`${image} ${buildah(['inspect', '--type', 'image', '--format', format, image]).trim()}`)
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    entry: { type: 'string', default: join(root, 'src/main.ts') },
    image: { type: 'string', default: `localhost/sluice:${version}` },
    volume: { type: 'string', multiple: true, default: [] },
  },
})
const [verb, ...words] = positionals
const volumes = values.volume.flatMap((volume) => ['--volume', volume])
if (verb === 'build') await build(values.image, resolve(values.entry))
else if (verb === 'flags') console.log(JSON.stringify([...RUN_WORDS, ...volumes, values.image]))
else if (verb === 'run') {
  const { status } = spawnSync('podman', [...RUN_WORDS, ...volumes, values.image, ...words], { stdio: 'inherit' })
  process.exit(status ?? 1)
} else {
  console.error('usage: bun scripts/image.ts build | run [--volume HOST:DIR] -- WORDS | flags')
  process.exit(2)
}
