/**
 * How data tenants are called in what needs a person, for who may know it: members, and owners of the Runtime. Whatever else tells these
 * lines, alerts above all, goes by ids.
 */
import type { DataTenant } from '../../datasets/mod.ts'
import type { AttentionLine } from '../attention.ts'

type Named = Pick<DataTenant, 'id' | 'name'>

/** `known`: those that who looks may know by name; asked only if a line is about one. */
export async function withTenantNames(
  lines: readonly AttentionLine[],
  known: () => Promise<readonly Named[]>,
): Promise<AttentionLine[]> {
  if (lines.every(({ dataTenant }) => dataTenant === undefined)) return [...lines]
  const names = new Map<string, string>((await known()).map(({ id, name }) => [id, name]))
  return lines.map((line) => {
    const { dataTenant, what } = line
    const name = dataTenant && names.get(dataTenant)
    return dataTenant && name ? { ...line, what: what.replaceAll(dataTenant, () => name) } : line
  })
}
