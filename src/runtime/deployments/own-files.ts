/** The Runtime's own files, keys among them, are no component's business: no approval of its owner can open them by mistake. */
import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { isGlob } from '../../pipeline/mod.ts'
import { PathForbidden } from '../errors.ts'

/** The data folder, and the folder that relative paths of components are in; both absolute. */
export type Folders = { data: string; files: string }

/** What is in here is no file but a view of the system or of a process: `/proc/self/root` is the whole disk under another name. */
const SYSTEM_VIEWS = ['/proc', '/sys', '/dev']

/**
 * Whether a path or glob of a component may lead to the data folder, or leads to a view of the system. The files folder is open even
 * where it lies in the data folder. It is judged as a component opens it: made absolute first, so that `a/..` is gone whatever `a` is;
 * a glob then by the folder before its first wildcard, since one that starts above the data folder might match into it; and links in
 * that folder are followed as they are now.
 */
export function reachesOwnFiles(path: string, { data, files }: Folders): boolean {
  if (climbsAfterWildcard(path)) return true
  const absolute = resolve(files, path)
  const fixed = fixedFolder(absolute)
  const open = { data: truePath(data), files: truePath(files) }
  const spread = fixed !== absolute
  return leadsInside(fixed, spread, { data, files }) || leadsInside(truePath(fixed), spread, open)
}

/**
 * Whether all that a path or glob of a component may lead to lies within one of the roots, links followed as they are now. Roots that
 * are relative begin in the files folder, as paths do.
 */
export function reachesOnly(path: string, roots: readonly string[], { files }: Pick<Folders, 'files'>): boolean {
  if (climbsAfterWildcard(path)) return false
  const fixed = truePath(fixedFolder(resolve(files, path)))
  return roots.some((root) => contains(truePath(resolve(files, root)), fixed))
}

/**
 * The same at the moment of opening, in the worker: a link may have been put in place of a file since the owner approved. What is asked
 * about is where the opened file really is.
 */
export function pathGate({ data, files, roots }: Folders & { roots?: readonly string[] | undefined }) {
  const open = { data: truePath(data), files: truePath(files) }
  const allowed = roots?.map((root) => truePath(resolve(files, root)))
  return (path: string): void => {
    if (leadsInside(path, false, open))
      throw new PathForbidden('a path leads to the own files of the Runtime or to a view of the system')
    if (allowed && !allowed.some((root) => contains(root, path)))
      throw new PathForbidden('a path leads out of the folders that the rules of the Runtime allow')
  }
}

function leadsInside(place: string, spread: boolean, { data, files }: Folders): boolean {
  if (SYSTEM_VIEWS.some((view) => contains(view, place))) return true
  if (contains(files, place) && !contains(files, data)) return false
  return contains(data, place) || (spread && contains(place, data))
}

/** `*` followed by `..`: what it means depends on whether the path is made absolute or its wildcards are matched first. */
function climbsAfterWildcard(path: string): boolean {
  const segments = path.split(/[/\\]/)
  const wildcard = segments.findIndex(isGlob)
  return wildcard >= 0 && segments.includes('..', wildcard)
}

/** The folder before the first wildcard; the path itself when it has none. */
function fixedFolder(absolute: string): string {
  return isGlob(absolute) ? fixedFolder(dirname(absolute)) : absolute
}

/** The path with the links in that part of it followed which is there. */
function truePath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const folder = dirname(path)
    return folder === path ? path : join(truePath(folder), basename(path))
  }
}

function contains(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}
