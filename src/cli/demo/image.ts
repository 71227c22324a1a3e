/** `cloud-01` as a container: the OCI image by podman, as its own user, on a read-only root and without any capability. */
import { chown } from 'node:fs/promises'
import { everythingBelow } from './canary.ts'
import type { Launch } from './stage.ts'

/** The user that the image names; it owns nothing on the host. */
const IMAGE_USER = 65_532

/** Podman's words for that image, as `npm run image` builds it; `folders` are at the same paths inside. */
export function launchImage(image: string, folders: readonly string[]): Launch {
  const engine = ['--storage-driver', 'vfs', '--runtime', 'runc', '--cgroup-manager=cgroupfs']
  const limits = ['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=4096:4096', '--network', 'host']
  const rights = ['--read-only', '--tmpfs', '/tmp:rw,exec,mode=1777', '--cap-drop', 'all']
  const more = ['--security-opt', 'no-new-privileges', '--pull', 'never']
  const volumes = folders.flatMap((folder) => ['--volume', `${folder}:${folder}`])
  return (args) => ['podman', ...engine, 'run', '--rm', ...limits, ...rights, ...more, ...volumes, image, ...args]
}

/** Gives folders and all in them to the image's user. Only root can, and only root's containers need it. */
export async function giveToImage(folders: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) return
  for (const folder of folders) {
    for (const path of [folder, ...everythingBelow(folder)]) await chown(path, IMAGE_USER, IMAGE_USER)
  }
}
