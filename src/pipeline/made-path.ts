/** Where a sink may make its file: the folder is made, unless it would come to lie in a place that is closed. */
import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { makeFolder, truePath } from '../host/mod.ts'

/** The file's one name, whatever links lead to it; its folder is there afterwards. Fails as `admit` does, and as `makeFolder` does. */
export async function madePath(path: string, admit: (path: string) => void): Promise<string> {
  admit(join(await nearestFolder(dirname(path)), basename(path)))
  await makeFolder(dirname(path))
  const found = await truePath(path)
  admit(found)
  return found
}

/** Where the folder will be: the part of its path that is there with all links followed, and the rest as it is named. */
async function nearestFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder)
  } catch {
    const above = dirname(folder)
    return above === folder ? folder : join(await nearestFolder(above), basename(folder))
  }
}
