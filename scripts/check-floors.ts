/** Holds the house: an import goes to a strictly lower floor, and only through that room's door. Its table is the rule. */
import { join } from 'node:path'
import { readSources, type SourceFile } from './source-files.ts'

/** Room → floor. A room is a folder of `src`, or a file that stands there alone. */
export const FLOORS: Readonly<Record<string, number>> = {
  base: 0,
  crypto: 1,
  host: 1,
  wire: 2,
  store: 3,
  web: 3,
  pipeline: 4,
  keys: 4,
  audit: 4,
  blueprint: 5,
  bridge: 5,
  certificates: 5,
  datasets: 5,
  accounts: 5,
  backup: 5,
  alerts: 5,
  connectors: 5,
  'catalogue.ts': 6,
  server: 6,
  platform: 7,
  runtime: 7,
  cli: 8,
  'main.ts': 9,
}

function roomOf(path: string): string {
  return path.split('/')[1] ?? path
}

function isDoor(path: string): boolean {
  const [, room, file, ...deeper] = path.split('/')
  return file === undefined || (room !== undefined && file === 'mod.ts' && deeper.length === 0)
}

/** What is wrong with one import, or `undefined`. */
function faultOf(from: string, to: string): string | undefined {
  const [fromRoom, toRoom] = [roomOf(from), roomOf(to)]
  const [fromFloor, toFloor] = [FLOORS[fromRoom], FLOORS[toRoom]]
  if (!to.startsWith('src/'))
    return /\.(md|yaml|csv|css|js|json|xml|cel)$/.test(to) ? undefined : `imports ${to}, outside of src`
  if (fromRoom === toRoom) return undefined
  if (fromFloor === undefined) return `stands in no room of the table (${fromRoom})`
  if (toFloor === undefined) return `imports ${to}, in no room of the table`
  if (toFloor > fromFloor) return `imports up: ${fromRoom} (floor ${fromFloor}) → ${to} (floor ${toFloor})`
  if (toFloor === fromFloor) return `imports sideways: ${fromRoom} → ${to} (both floor ${fromFloor})`
  if (!isDoor(to)) return `imports by a side door: ${to} instead of src/${toRoom}/mod.ts`
  return undefined
}

/** The circles among the files, each as its path; depth-first, each reported once. */
function circlesOf(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const done = new Set<string>()
  const circles: string[] = []
  function visit(path: string, trail: string[]): void {
    const start = trail.indexOf(path)
    if (start >= 0) {
      circles.push(`circle: ${[...trail.slice(start), path].join(' → ')}`)
      return
    }
    if (done.has(path)) return
    for (const next of byPath.get(path)?.imports ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const { path } of files) visit(path, [])
  return circles
}

/** Every fault of the given files, one line each. */
export function checkFloors(files: readonly SourceFile[]): string[] {
  const faults = files.flatMap((file) =>
    file.imports.flatMap((to) => {
      const fault = faultOf(file.path, to)
      return fault ? [`${file.path} ${fault}`] : []
    }),
  )
  return [...faults, ...circlesOf(files)]
}

if (import.meta.main) {
  const faults = checkFloors(readSources(join(import.meta.dirname, '..'), 'src'))
  for (const fault of faults) console.error(fault)
  console.log(faults.length === 0 ? 'floors hold' : `${faults.length} faults in the floors`)
  process.exit(faults.length === 0 ? 0 : 1)
}
