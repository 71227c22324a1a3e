/** What a version adds to what was approved before, as lines for a person. */

const ADDS: Readonly<Record<string, string>> = {
  paths: 'files',
  hosts: 'hosts',
  tables: 'tables',
  credentials: 'credentials',
  peers: 'bridges with',
  code: 'code',
  libraries: 'libraries',
  flows: 'steps',
  declassifications: 'made public',
  leave: 'leave to',
}
const ADDS_WIDTH = Math.max(...Object.values(ADDS).map((word) => word.length))

/** What a version adds to what was approved before, one item a line. */
export function renderAdds(adds: Readonly<Record<string, readonly string[]>>, indent: string): string[] {
  return Object.entries(adds).flatMap(([kind, items]) =>
    items.map((item, i) => `${indent}${(i === 0 ? (ADDS[kind] ?? kind) : '').padEnd(ADDS_WIDTH)}  ${item}`),
  )
}
