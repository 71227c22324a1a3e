/** Ids in the order in which an API gives them out. */

export type Id = string | number

/** Numbers by their value, also those that are written as text; other texts by their characters. */
export function highestId(ids: readonly (Id | undefined)[]): Id | undefined {
  let highest: Id | undefined
  for (const id of ids) if (id !== undefined && (highest === undefined || isBehind(id, highest))) highest = id
  return highest
}

function isBehind(one: Id, other: Id): boolean {
  const [a, b] = [String(one), String(other)]
  if (/^\d{1,64}$/.test(a) && /^\d{1,64}$/.test(b)) return BigInt(a) > BigInt(b)
  return a > b
}
